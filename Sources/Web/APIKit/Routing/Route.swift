package import HTTPTypes

/// One operation of the API: its path, access rule, effect and documentation.
package struct Route: Sendable {
    /// Does the work of a route.
    package typealias Handler = @Sendable (APIRequest) async throws -> APIResponse

    /// Does what takes long before the unit of work of a change begins, which holds a connection of the database; gives
    /// what is left to do in it.
    package typealias Preparation = @Sendable (APIRequest) async throws -> Handler

    /// Method.
    package let method: HTTPRequest.Method
    /// Path with parameters in braces: `/platform/projects/{ref}`.
    package let path: String
    /// Its access rule.
    package let access: Access
    /// Its effect.
    package let effect: Effect
    /// Its documentation.
    package let operation: Operation
    /// Does the work.
    package let handler: Handler
    package let segments: [Segment]
    /// How large its body may be.
    package private(set) var bodySize: BodySize
    /// Whether the project that the path names may be deleted already.
    package private(set) var reachesDeleted = false
    /// What stands behind its answer; a route whose documented answer is a refusal is refused from the start.
    package private(set) var support: Support

    /// A check besides ``access`` before the handler; see ``checking(_:)``.
    package private(set) var check: Check = { _ in }
    /// Whether it is expensive, though it is open and only reads.
    package private(set) var isCostly = false
    /// The secrets that its answer shows.
    package private(set) var secrets = Secrets.none

    /// Refuses a request by throwing.
    package typealias Check = @Sendable (APIRequest) async throws -> Void

    /// The secrets that the answer of a route shows. An answer is stored for requests that are repeated; a secret is
    /// not.
    package enum Secrets: Sendable, Equatable {
        /// None.
        case none
        /// The whole response is a secret that is shown once: a repeated request only learns that it was done.
        case shownOnce
        /// These fields of the answer's object; a repeated request finds them empty, and reads them elsewhere.
        case fields([String])
    }
    /// Whether a parameter of the query that it does not know is refused.
    package private(set) var refusesUnknownQuery = false
    /// How long it may take.
    package private(set) var span = Span.seconds
    /// What comes before the unit of work, instead of ``handler``.
    package private(set) var preparation: Preparation?
    /// Whether it is a page for browsers, which takes cookies and no tokens.
    package private(set) var isPage = false
    /// Whether it may end what its caller asks with.
    package private(set) var endsCredentials = false
    /// Whether it takes access away, apart from its caller's own.
    package private(set) var takesAccess = false
    /// What it needs of the disk, where that does not follow from its effect.
    package private(set) var ownDiskNeed: DiskNeed?

    /// One part of a path.
    package enum Segment: Sendable, Equatable {
        case literal(Substring)
        case parameter(String)
    }

    /// The kind of support behind a route's response: clients see it in the document.
    package enum Support: String, Sendable, CaseIterable {
        /// Data or work of this installation.
        case served
        /// The same empty or constant response for every caller.
        case empty
        /// A refusal with the reason, for every request.
        case refused
        /// A refusal because there is nothing here that the operation could be about.
        case notApplicable = "not applicable"
    }

    /// The effect of a route.
    package enum Effect: Sendable, Equatable {
        /// Nothing.
        case none
        /// Only the manager's own database: the whole handler is one transaction, with the audit entry of this action
        /// and the answer that a repeated request gets.
        case change(String)
        /// Something outside of the manager's database too, which no transaction of ours can take back. The audit
        /// entry is written when it is done.
        case external(String)
        /// Nothing, but the answer may show a key: the audit entry of this action is written before it is given, where
        /// the handler notes that it does.
        case seen(String)
        /// Like ``change(_:)``, without an entry in the audit trail: an account's own bookmarks and read marks.
        case unaudited

        /// Whether a request that is repeated under its `Idempotency-Key` is answered and not carried out again.
        package var isRepeatable: Bool {
            switch self {
            case .none, .seen: false
            case .change, .external, .unaudited: true
            }
        }

        /// The action's name in the audit trail.
        package var action: String? {
            switch self {
            case .none, .unaudited: nil
            case .change(let action), .external(let action), .seen(let action): action
            }
        }
    }

    /// Whether it takes an `Idempotency-Key`: a body that is read while it comes cannot be compared with another.
    package var isRepeatable: Bool { effect.isRepeatable && bodySize != .streamed }

    /// How large a body may be. ``ServerLimits`` has the bytes.
    package enum BodySize: Sendable, Equatable {
        /// Most bodies: names, settings, choices.
        case standard
        /// SQL, snippets, templates of mails.
        case large
        /// Files.
        case upload
        /// Whole databases: the handler reads them while they come (``APIRequest/stream``).
        case streamed

        /// The limits of such a JSON body.
        package var jsonLimits: JSONLimits {
            switch self {
            case .standard: .body
            case .large: .largeBody
            case .upload, .streamed: .upload
            }
        }
    }

    package init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, effect: Effect, operation: Operation,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.effect = effect
        self.operation = operation
        self.handler = handler
        support = operation.answer.status.code < 400 ? .served : .refused
        bodySize = operation.body.isUpload ? .upload : .standard
        // The path `/` has one part, which is empty.
        segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: path != "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .parameter(String(part.dropFirst().dropLast())) : .literal(part)
        }
    }

    /// A route whose change needs work that no unit of work may wait for.
    package init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, effect: Effect, operation: Operation,
        preparing preparation: @escaping Preparation
    ) {
        self.init(method, path, access: access, effect: effect, operation: operation) { try await preparation($0)($0) }
        self.preparation = preparation
    }

    /// A route that changes nothing.
    package init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, operation: Operation,
        handler: @escaping Handler
    ) {
        self.init(method, path, access: access, effect: .none, operation: operation, handler: handler)
    }

    /// The same for a project that may be deleted already.
    package var reachingDeleted: Route {
        var copy = self
        copy.reachesDeleted = true
        return copy
    }

    /// The same, with something else than data of this installation behind its answer.
    package func supported(as support: Support) -> Route {
        var copy = self
        copy.support = support
        return copy
    }

    /// The same for routes that destroy data: an unknown or repeated parameter of the query is refused. A misspelt
    /// `keep_volumes` must not cost the data.
    package var refusingUnknownQuery: Route {
        var copy = self
        copy.refusesUnknownQuery = true
        return copy
    }

    /// The same for operations that may take minutes, because a client asked for it.
    package func lasting(_ duration: Span) -> Route {
        var copy = self
        copy.span = duration
        return copy
    }

    /// How long a request may take. ``ServerLimits`` has the durations.
    package enum Span: Sendable, Equatable {
        /// Most requests.
        case seconds
        /// SQL: the database's own limits end it before.
        case minutes
        /// What moves a whole database.
        case hours
    }

    /// The same for a body that holds SQL, a snippet or templates of mails.
    package var takingLargeBody: Route {
        var copy = self
        copy.bodySize = .large
        return copy
    }

    /// The same for a body of any size, which the handler reads while it comes. Such a request takes no
    /// `Idempotency-Key`: a key stands for the whole body.
    package var takingStream: Route {
        var copy = self
        (copy.bodySize, copy.span) = (.streamed, .hours)
        return copy
    }

    /// The same for operations that sign out or revoke, which may end the caller's own session or token.
    package var endingCredentials: Route {
        var copy = self
        copy.endsCredentials = true
        return copy
    }

    /// The same as a page for browsers.
    package var page: Route {
        var copy = self
        copy.isPage = true
        return copy
    }

    /// The same for what takes access away: a password, a role or a key. Nothing that others do with the account keeps it
    /// from being done.
    package var takingAccess: Route {
        var copy = self
        copy.takesAccess = true
        return copy
    }

    /// The same with another need of the disk than its effect tells of.
    package func needing(_ need: DiskNeed) -> Route {
        var copy = self
        copy.ownDiskNeed = need
        return copy
    }

    /// The same operation under another path: what older clients call it.
    package func alias(_ path: String) -> Route {
        var copy = Route(method, path, access: access, effect: effect, operation: operation, handler: handler)
        (copy.reachesDeleted, copy.support) = (reachesDeleted, support)
        (copy.check, copy.isCostly, copy.secrets) = (check, isCostly, secrets)
        (copy.bodySize, copy.refusesUnknownQuery, copy.span) = (bodySize, refusesUnknownQuery, span)
        (copy.endsCredentials, copy.preparation, copy.isPage) = (endsCredentials, preparation, isPage)
        (copy.ownDiskNeed, copy.takesAccess) = (ownDiskNeed, takesAccess)
        return copy
    }

    /// The same with a check of the caller that depends on more than the path, such as the organization that the body
    /// names. It belongs here and not into the handler, whose work a repeated request skips.
    package func checking(_ check: @escaping Check) -> Route {
        var copy = self
        copy.check = check
        return copy
    }

    /// The same, counted by the rate limit though it is open and only reads.
    package var costly: Route {
        var copy = self
        copy.isCostly = true
        return copy
    }

    /// The same, with an answer that shows secrets.
    package func showing(_ secrets: Secrets) -> Route {
        var copy = self
        copy.secrets = secrets
        return copy
    }

    /// The route as logs name it: no part of it comes from a client.
    package var name: String { "\(method.rawValue) \(path)" }

    /// Names of the parameters in the path.
    package var parameterNames: [String] {
        segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    package func handle(_ request: APIRequest) async throws -> APIResponse { try await handler(request) }

    /// The parameters of a path that this route matches, else nothing. Nothing is decoded or collapsed: a path with
    /// empty parts, dots or percent signs matches no literal, and no parameter that is checked.
    package func match(_ parts: [Substring]) -> [String: String]? {
        guard parts.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text): guard part == text else { return nil }
            case .parameter(let name):
                guard !part.isEmpty else { return nil }
                parameters[name] = String(part)
            }
        }
        return parameters
    }
}
