import APIKit
import Orchestrator
import ProjectModel

/// An entry of the audit trail as Studio reads it: the older form with lists of metadata and the newer flat one at
/// once, and besides them all that is needed to check the chain of hashes.
struct AuditRow: EncodableBody {
    let entry: AuditEntry

    init(_ entry: AuditEntry) { self.entry = entry }

    fileprivate static let hashSchema = Schema.pattern("^[0-9a-f]{64}$")

    static let shape = BodyShape<Self>(
        "AuditEntry",
        [
            .init("action") { Action(deed: $0.entry.deed) },
            .init("actor") { Actor(deed: $0.entry.deed) },
            .init("target") { Target(deed: $0.entry.deed) },
            .init("occurred_at", .time, of: \.entry.deed.at.rfc3339),
            // Microseconds since 1970, as newer Studios want it.
            .init("timestamp") { $0.entry.deed.at.milliseconds * 1_000 },
            .optional("organization_slug", of: \.entry.deed.organizationSlug),
            .optional("project_ref") { $0.entry.deed.target["project"] },
            .init("request_id", of: \.entry.deed.requestID),
            .init("number", of: \.entry.number),
            .init("hash", hashSchema, of: \.entry.hash),
            .init("previous_hash", hashSchema, of: \.entry.previousHash),
            .init("before", of: \.entry.deed.before),
            .init("after", of: \.entry.deed.after),
            // What the hash is taken over, after the hash before and a line feed.
            .init("canonical") { $0.entry.deed.canonical(number: $0.entry.number) },
        ])

    /// The action, once as newer Studios read it and once, in `metadata`, as older ones do.
    struct Action: EncodableBody {
        let deed: AuditDeed

        static let shape = BodyShape<Self>([
            .init("name", of: \.deed.action),
            .init("method", of: \.deed.methodAndPath.method),
            .init("route", of: \.deed.methodAndPath.path),
            .init("status", of: \.deed.status),
            .init("metadata") { [Metadata(deed: $0.deed)] },
        ])

        struct Metadata: EncodableBody {
            let deed: AuditDeed

            static let shape = BodyShape<Self>([
                .init("method", of: \.deed.methodAndPath.method),
                .init("route", of: \.deed.methodAndPath.path),
                .init("status", of: \.deed.status),
            ])
        }
    }

    /// The actor, once as newer Studios read it and once, in `metadata`, as older ones do.
    struct Actor: EncodableBody {
        let deed: AuditDeed

        static let shape = BodyShape<Self>([
            .init("id", of: \.deed.actorID),
            .constant("type", "user"),
            .init("user_id", of: \.deed.actorID),
            .init("email", of: \.deed.actorEmail),
            .init("ip", of: \.deed.address),
            .init("token_type", of: \.deed.credential),
            .init("metadata") { [Metadata(deed: $0.deed)] },
        ])

        struct Metadata: EncodableBody {
            let deed: AuditDeed

            static let shape = BodyShape<Self>([
                .init("email", of: \.deed.actorEmail),
                .init("ip", of: \.deed.address),
                .init("tokenType", of: \.deed.credential),
            ])
        }
    }

    /// What the action was about.
    struct Target: EncodableBody {
        let deed: AuditDeed

        static let shape = BodyShape<Self>([
            .init("description") {
                $0.deed.target.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            },
            .init("metadata", of: \.metadata),
        ])

        private var metadata: [String: String] {
            let places = [("org_slug", deed.organizationSlug), ("project_ref", deed.target["project"])]
            return deed.target.merging(places.compactMap { name, value in value.map { (name, $0) } }) { $1 }
        }
    }
}

extension AuditDeed {
    fileprivate var methodAndPath: (method: String, path: String) {
        let words = route.split(separator: " ", maxSplits: 1).map(String.init)
        return (words.first ?? "", words.count == 2 ? words[1] : "")
    }

    fileprivate var organizationSlug: String? {
        if case .organization(let slug) = scope { slug } else { nil }
    }
}

/// One page of a trail.
struct AuditBody: EncodableBody {
    let result: [AuditRow]
    /// The end of the trail as it was before the page was read: a trail that was cut off does not reach it.
    let head: Head

    /// Days for which entries are kept. They are kept for good; Studio offers dates as far back as this.
    private static let retentionDays = 36_500

    /// The last entry's number and hash, and what the manager's signature of them is worth.
    struct Head: EncodableBody {
        let head: AuditHead

        static let shape = BodyShape<Self>([
            .init("number", of: \.head.number),
            .init("hash", AuditRow.hashSchema, of: \.head.hash),
            .init("signature", .choice(AuditSignature.allCases.map(\.rawValue)), of: \.head.signature.rawValue),
        ])
    }

    init(result: [AuditRow], head: AuditHead) {
        self.result = result
        self.head = Head(head: head)
    }

    static let shape = BodyShape<Self>([
        .init("result", of: \.result),
        .init("head", of: \.head),
        .constant("retention_period", retentionDays),
    ])
}
