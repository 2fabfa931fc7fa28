public import ProjectModel

/// One audited action: actor, action, object, origin, and the values before and after. It holds no secret.
public struct AuditEntry: Sendable, Equatable {
    /// Position in the trail of its scope, from 1 without gaps.
    public var number: Int64
    /// The action.
    public var deed: AuditDeed
    /// Hash of the entry before; 64 zeros for the first.
    public var previousHash: String
    /// SHA-256 over ``previousHash``, a line feed and ``AuditDeed/canonical(number:)``, in hex.
    public var hash: String

    public init(number: Int64, deed: AuditDeed, previousHash: String, hash: String) {
        self.number = number
        self.deed = deed
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The hash before the first entry.
    public static let noHash = String(repeating: "0", count: 64)

    /// What the hash of an entry is taken over.
    public static func hashed(_ deed: AuditDeed, number: Int64, previousHash: String) -> String {
        "\(previousHash)\n\(deed.canonical(number: number))"
    }
}

/// An audited action before it has a place in a trail.
public struct AuditDeed: Sendable, Equatable {
    /// The trail that it belongs to.
    public var scope: AuditScope
    /// When.
    public var at: Timestamp
    /// Identifier of the account.
    public var actorID: String
    /// E-mail address of the account at the time.
    public var actorEmail: String
    /// What the account asked with: `session`, `access_token` or `scoped_token`, and which.
    public var credential: String
    /// What was done: `project.pause`.
    public var action: String
    /// The route: method and path, without values.
    public var route: String
    /// The status that it answered.
    public var status: Int
    /// What it was done to, by kind: `project`, `organization`, `account`, …
    public var target: [String: String]
    /// Address that the request came from.
    public var address: String
    /// Name of the request in logs.
    public var requestID: String
    /// What was changed, as it was.
    public var before: [String: String]
    /// What was changed, as it became.
    public var after: [String: String]

    /// Creates the event.
    public init(
        scope: AuditScope, at: Timestamp, actorID: String, actorEmail: String, credential: String, action: String,
        route: String, status: Int, target: [String: String], address: String, requestID: String,
        before: [String: String] = [:], after: [String: String] = [:]
    ) {
        self.scope = scope
        self.at = at
        self.actorID = actorID
        self.actorEmail = actorEmail
        self.credential = credential
        self.action = action
        self.route = route
        self.status = status
        self.target = target
        self.address = address
        self.requestID = requestID
        self.before = before
        self.after = after
    }

    /// The canonical text that is hashed: fields in a fixed order, one a line, each name and value with its length in
    /// bytes before it, so that no value can look like another field.
    public func canonical(number: Int64) -> String {
        var lines = [
            ("number", "\(number)"), ("scope", scope.text), ("at", "\(at.milliseconds)"), ("actor", actorID),
            ("email", actorEmail), ("credential", credential), ("action", action), ("route", route),
            ("status", "\(status)"), ("address", address), ("request", requestID),
        ]
        for (group, fields) in [("target", target), ("before", before), ("after", after)] {
            lines += fields.sorted { $0.key < $1.key }.map { ("\(group).\($0.key)", $0.value) }
        }
        return lines.map { "\($0.utf8.count):\($0)=\($1.utf8.count):\($1)" }.joined(separator: "\n")
    }
}

/// The scope of a trail: an organization, or an account for actions outside of organizations.
public enum AuditScope: Sendable, Equatable, Hashable {
    /// Of an organization, by its slug.
    case organization(String)
    /// Of an account, by its identifier.
    case account(String)

    /// The scope's stored form.
    public var text: String {
        switch self {
        case .organization(let slug): "organization:\(slug)"
        case .account(let id): "account:\(id)"
        }
    }

    /// Parses a scope's stored form.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "organization": self = .organization(parts[1])
        case "account": self = .account(parts[1])
        default: return nil
        }
    }
}
