import APIKit
import Orchestrator
import ProjectModel

/// An entry of the audit trail as Studio reads it: the older form with lists of metadata and the newer flat one at
/// once, and besides them all that is needed to check the chain of hashes.
struct AuditRow: Encodable, Sendable, Documented {
    let action: Action
    let actor: Actor
    let target: Target
    let occurredAt: String
    /// Microseconds since 1970, as newer Studios want it.
    let timestamp: Int64
    let organizationSlug: String?
    let projectRef: String?
    let requestID: String
    let number: Int64
    let hash: String
    let previousHash: String
    let before: [String: String]
    let after: [String: String]
    /// What the hash is taken over, after the hash before and a line feed.
    let canonical: String

    /// The action.
    struct Action: Encodable, Sendable {
        let name: String
        let method: String
        let route: String
        let status: Int
        let metadata: [Metadata]

        /// A copy where older Studios read it.
        struct Metadata: Encodable, Sendable {
            let method: String
            let route: String
            let status: Int
        }
    }

    /// The actor.
    struct Actor: Encodable, Sendable {
        let id: String
        let type = "user"
        let userID: String
        let email: String
        let ip: String
        let tokenType: String
        let metadata: [Metadata]

        /// A copy where older Studios read it.
        struct Metadata: Encodable, Sendable {
            let email: String
            let ip: String
            let tokenType: String
        }

        enum CodingKeys: String, CodingKey {
            case id, type, email, ip, metadata
            case userID = "user_id"
            case tokenType = "token_type"
        }
    }

    /// To what.
    struct Target: Encodable, Sendable {
        let description: String
        let metadata: [String: String]
    }

    init(_ entry: AuditEntry) {
        let deed = entry.deed
        let words = deed.route.split(separator: " ", maxSplits: 1).map(String.init)
        let (method, path) = (words.first ?? "", words.count == 2 ? words[1] : "")
        action = Action(
            name: deed.action, method: method, route: path, status: deed.status,
            metadata: [Action.Metadata(method: method, route: path, status: deed.status)])
        actor = Actor(
            id: deed.actorID, userID: deed.actorID, email: deed.actorEmail, ip: deed.address,
            tokenType: deed.credential,
            metadata: [
                Actor.Metadata(email: deed.actorEmail, ip: deed.address, tokenType: deed.credential)
            ])
        if case .organization(let slug) = deed.scope { organizationSlug = slug } else { organizationSlug = nil }
        projectRef = deed.target["project"]
        target = Target(
            description: deed.target.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", "),
            metadata: deed.target.merging(
                [("org_slug", organizationSlug), ("project_ref", projectRef)].compactMap { name, value in
                    value.map { (name, $0) }
                }
            ) { $1 })
        occurredAt = deed.at.rfc3339
        timestamp = deed.at.milliseconds * 1_000
        requestID = deed.requestID
        number = entry.number
        hash = entry.hash
        previousHash = entry.previousHash
        before = deed.before
        after = deed.after
        canonical = deed.canonical(number: entry.number)
    }

    enum CodingKeys: String, CodingKey {
        case action, actor, target, timestamp, number, hash, before, after, canonical
        case occurredAt = "occurred_at"
        case organizationSlug = "organization_slug"
        case projectRef = "project_ref"
        case requestID = "request_id"
        case previousHash = "previous_hash"
    }
}

extension AuditRow {
    static let schema = Schema.named(
        "AuditEntry",
        .fields(
            .init("action", actionSchema), .init("actor", actorSchema),
            .init("target", .fields(.init("description", .text), .init("metadata", .map(.text)))),
            .init("occurred_at", .time), .init("timestamp", .integer()), .optional("organization_slug", .text),
            .optional("project_ref", .text), .init("request_id", .text), .init("number", .integer()),
            .init("hash", hashSchema), .init("previous_hash", hashSchema), .init("before", .map(.text)),
            .init("after", .map(.text)), .init("canonical", .text)))

    private static let hashSchema = Schema.pattern("^[0-9a-f]{64}$")

    private static let actionSchema = Schema.fields(
        .init("name", .text), .init("method", .text), .init("route", .text), .init("status", .integer()),
        .init(
            "metadata",
            .array(.fields(.init("method", .text), .init("route", .text), .init("status", .integer())))))

    private static let actorSchema = Schema.fields(
        .init("id", .text), .init("type", .text), .init("user_id", .text), .init("email", .text), .init("ip", .text),
        .init("token_type", .text),
        .init("metadata", .array(.fields(.init("email", .text), .init("ip", .text), .init("tokenType", .text)))))
}

/// One page of a trail.
struct AuditBody: Encodable, Sendable, Documented {
    let result: [AuditRow]
    /// The end of the trail as it was before the page was read: a trail that was cut off does not reach it.
    let head: Head
    /// Days for which entries are kept. They are kept for good; Studio offers dates as far back as this.
    let retentionPeriod = AuditBody.retentionDays

    private static let retentionDays = 36_500

    /// The last entry's number and hash, and what the manager's signature of them is worth.
    struct Head: Encodable, Sendable {
        let number: Int64
        let hash: String
        let signature: String
    }

    init(result: [AuditRow], head: AuditHead) {
        self.result = result
        self.head = Head(number: head.number, hash: head.hash, signature: head.signature.rawValue)
    }

    private static let hashSchema = Schema.pattern("^[0-9a-f]{64}$")

    static let schema = Schema.fields(
        .init("result", .array(AuditRow.schema)),
        .init(
            "head",
            .fields(
                .init("number", .integer()), .init("hash", hashSchema),
                .init("signature", .choice(AuditSignature.allCases.map(\.rawValue))))),
        .init("retention_period", .integer()))

    enum CodingKeys: String, CodingKey {
        case result, head
        case retentionPeriod = "retention_period"
    }
}
