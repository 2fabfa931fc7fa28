public import ProjectModel

/// The audit trails and the stored responses. Every method runs in the present unit of work.
public protocol RequestLedger: Sendable {
    /// Adds an event to the trail of its scope and signs the new end, unless the previous end was found to be replaced:
    /// then the trail stays without a valid signature.
    func append(_ deed: AuditDeed) async throws(StoreError) -> AuditEntry
    /// Entries of a trail, newest first unless the query says otherwise.
    func trail(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry]
    /// The end of a trail, which is stored apart from the entries; number 0 for an empty trail.
    func head(of scope: AuditScope) async throws(StoreError) -> AuditHead
    /// The trails that there are, in the order of their names; at most `limit`.
    func scopes(limit: Int) async throws(StoreError) -> [AuditScope]

    /// Looks a key up and keeps others away from it until the unit of work ends.
    func claim(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) -> IdempotencyClaim
    /// Stores the answer for a claimed key.
    func keep(_ answer: StoredAnswer, for key: IdempotencyKey, at time: Timestamp) async throws(StoreError)
    /// Stores that a request began whose work is no transaction; it counts as begun until an answer is kept.
    func begin(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError)
    /// Forgets a key whose request changed nothing.
    func release(_ key: IdempotencyKey) async throws(StoreError)
    /// Forgets answers older than a time; gives their number.
    func expire(before time: Timestamp) async throws(StoreError) -> Int
}

/// A filter of a trail's entries.
public struct AuditQuery: Sendable, Equatable {
    /// Most entries of one answer.
    public static let limitMax = 1_000

    /// The trail.
    public var scope: AuditScope
    /// Not before this time.
    public var from: Timestamp?
    /// Not after this time.
    public var to: Timestamp?
    /// Only entries with a smaller number: the next page.
    public var before: Int64?
    /// Only entries with a greater number, oldest first: for reading a whole trail.
    public var after: Int64?
    /// Most entries, 1 to ``limitMax``.
    public var limit: Int

    /// A query; the latest hundred by default.
    public init(
        scope: AuditScope, from: Timestamp? = nil, to: Timestamp? = nil, before: Int64? = nil, limit: Int = 100
    ) {
        self.scope = scope
        self.from = from
        self.to = to
        self.before = before
        self.limit = limit
    }
}

/// A client's name for one request.
public struct IdempotencyKey: Sendable, Equatable, Hashable {
    /// Bytes of a key at most.
    public static let lengthMax = 255
    /// How long an answer is remembered.
    public static let lifetime: Duration = .seconds(86_400)
    /// Longest time from the head of any request to its answer.
    public static let requestDeadlineMax: Duration = .seconds(630)
    /// Longest time after that to write down that the outcome of a request is unknown.
    public static let settlementMax: Duration = .seconds(5)
    /// Answers of one account's sessions, or of its tokens, that are remembered at the same time: who found a token takes
    /// no room from its owner.
    public static let perAccountMax = 10_000
    /// Bytes of their bodies.
    public static let bytesPerAccountMax = 32 << 20
    /// How far the clocks of two managers may differ.
    static let clockDifferenceMax: Duration = .seconds(25)
    /// A request that began longer ago was interrupted: no request takes so long.
    public static let inProgressMax = requestDeadlineMax + settlementMax + clockDifferenceMax

    /// What the names of sessions begin with (``credential``).
    public static let sessionPrefix = "session "

    /// Whether it was sent in a session.
    public var isOfSession: Bool { credential.hasPrefix(Self.sessionPrefix) }

    /// Whether an account with so many answers may have another.
    public static func hasRoom(answers: Int, bytes: Int) -> Bool {
        answers < perAccountMax && bytes < bytesPerAccountMax
    }

    /// The account that sent it; keys of different accounts have nothing to do with each other.
    public var account: String
    /// The credential that it was sent with, by kind and identifier: what one was answered is nothing for another of
    /// the same account, which may be allowed less.
    public var credential: String
    /// The key.
    public var text: String
    /// Method, path, query and body: what must be the same when the key comes again.
    public var payload: [UInt8]

    public init(account: String, credential: String, text: String, payload: [UInt8]) {
        self.account = account
        self.credential = credential
        self.text = text
        self.payload = payload
    }
}

/// What is known about a key.
public enum IdempotencyClaim: Sendable, Equatable {
    /// Not seen before: the request is performed.
    case new
    /// The request was answered.
    case answered(StoredAnswer)
    /// The key belongs to another request.
    case otherPayload
    /// The same request is in progress.
    case inProgress
    /// The same request began at this time and was never answered: its effect is unknown.
    case interrupted(since: Timestamp)
    /// Not seen before, and the account has no room for another answer.
    case full
}

/// A stored response. The body is sealed: it may contain a token that is shown only once.
public struct StoredAnswer: Sendable, Equatable {
    public var status: Int
    /// Header fields that belong to the answer itself.
    public var headers: [String: String]
    public var sealedBody: [UInt8]

    public init(status: Int, headers: [String: String], sealedBody: [UInt8]) {
        self.status = status
        self.headers = headers
        self.sealedBody = sealedBody
    }
}

/// Makes digests of requests with a key that is not in the database: a password in a body is not guessed from one.
public protocol PayloadDigester: Sendable {
    /// The keyed digest of a payload whose SHA-256 this is. It replaces earlier plain digests without their payloads.
    func digest(ofSHA256 sha256: [UInt8]) throws(KeyError) -> [UInt8]
}

/// Encrypts bodies of stored responses, so that the database alone does not reveal them.
public protocol AnswerSealer: Sendable {
    func seal(_ body: [UInt8]) throws(KeyError) -> [UInt8]
    /// Opens a sealed body.
    func open(_ sealed: [UInt8]) throws(KeyError) -> [UInt8]
}
