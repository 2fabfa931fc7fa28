import FoundationEssentials
import HTTPBounds
package import HTTPTypes
package import Identity
package import NIOCore
package import Orchestrator
import ProjectModel

/// Runs the handlers of routes that change something, so that the change, its audit entry and the answer that a
/// repeated request gets are stored together or not at all.
package struct MutationRunner: Sendable {
    package let units: any UnitOfWork
    package let verifier: any AccessTokenVerifier
    package let ledger: any RequestLedger
    package let sealer: any AnswerSealer
    package let time: any TimeSource
    /// Free bytes of the disk with the manager's data; nil while they cannot be measured, which refuses nothing.
    package let freeBytes: @Sendable () -> UInt64?
    package let budget = AuditBudget()

    package init(
        units: any UnitOfWork, verifier: any AccessTokenVerifier, ledger: any RequestLedger, sealer: any AnswerSealer,
        time: any TimeSource, freeBytes: @escaping @Sendable () -> UInt64?
    ) {
        self.units = units
        self.verifier = verifier
        self.ledger = ledger
        self.sealer = sealer
        self.time = time
        self.freeBytes = freeBytes
    }

    /// The pipeline's data of a request.
    package struct Call: Sendable {
        package let route: Route
        package let request: APIRequest
        package let identifier: RequestIdentifier
        package let key: IdempotencyKey?
        /// The event to store when the request's deadline passes first.
        package var unfinished = UnfinishedDeed()
    }

    /// Runs the handler as the route's effect demands.
    ///
    /// The caller's permission is checked first, for every request: the outcome of a repeated one is shown only to
    /// callers who could send it now.
    package func run(_ call: Call) async throws -> APIResponse {
        try await call.route.check(call.request)
        try checkRoom(call)
        switch call.route.effect {
        case .none: return try await call.route.handle(call.request)
        case .seen: return try await see(call)
        case .change, .unaudited: return try await change(call)
        case .external: return try await reachOut(call)
        }
    }

    private func checkRoom(_ call: Call) throws(APIError) {
        guard hasRoom(for: call.route.diskNeed) else { throw .fullDisk }
        guard call.route.effect.action != nil, let caller = call.request.principal else { return }
        let holder = AuditBudget.Holder(account: caller.account.id, credential: caller.credential.auditText)
        guard budget.hasRoom(for: holder, kind: call.route.auditKind) else { throw .tooManyEntries }
    }

    private func hasRoom(for need: DiskNeed) -> Bool {
        guard need != .none, let free = freeBytes() else { return true }
        return free >= need.freeBytesMin
    }

    private func append(_ deed: AuditDeed) async throws {
        _ = try await ledger.append(deed)
        let holder = AuditBudget.Holder(account: deed.actorID, credential: deed.credential)
        budget.charge(holder, bytes: deed.byteCount)
    }

    /// What shows a key leaves a trace, or shows nothing.
    private func see(_ call: Call) async throws -> APIResponse {
        let answer = try await call.route.handle(call.request)
        if let action = call.route.effect.action, call.request.audit.content.mayHaveChanged {
            try await units.perform { try await append(deed(action, call, status: answer.status.code)) }
        }
        return answer
    }

    /// One transaction around all of it, except for slow work.
    private func change(_ call: Call) async throws -> APIResponse {
        let handler: Route.Handler
        if let preparation = call.route.preparation {
            // A repeated request is not prepared again: its check of the old password would fail by now.
            if call.key != nil, let known = try await units.perform({ try await knownAnswer(to: call) }) {
                return known
            }
            handler = try await preparation(call.request)
        } else {
            handler = call.route.handler
        }
        return try await units.perform {
            if let known = try await knownAnswer(to: call) { return known }
            let answer = try await handler(call.request)
            try await record(call, answer)
            if !call.route.endsCredentials { try await hold(call) }
            return answer
        }
    }

    /// Locks the caller's credential until the change is stored: ending a session or revoking a token ends the requests
    /// that it began, on every manager of the database. It comes last, after the locks of the work itself, which a new
    /// password takes in the same order.
    private func hold(_ call: Call) async throws(APIError) {
        guard let principal = call.request.principal else { return }
        let isHeld: Bool
        do { isHeld = try await verifier.holds(principal) } catch { throw APIError(error) }
        guard isHeld else {
            throw .unauthorized("the session ended or the token was revoked before this request was carried out")
        }
    }

    /// The work runs between two transactions. A crash in between leaves the key begun: a repeated request is then
    /// answered with an unknown outcome, instead of repeating the work.
    private func reachOut(_ call: Call) async throws -> APIResponse {
        let known: APIResponse? = try await units.perform {
            try await hold(call)
            if let known = try await knownAnswer(to: call) { return known }
            if let key = call.key, try await keepsAnswers(to: call) { try await ledger.begin(key, at: time.now()) }
            return nil
        }
        if let known { return known }
        let answer: APIResponse
        do { answer = try await call.route.handle(call.request) } catch {
            if Task.isCancelled {
                leaveUnfinished(call)
            } else {
                try await giveUp(call, APIResponse(APIError(anything: error)))
            }
            throw error
        }
        do { try await units.perform { try await record(call, answer) } } catch {
            if Task.isCancelled { leaveUnfinished(call) }
            throw error
        }
        return answer
    }

    /// The request's time is up, so that nothing can be written in its own task any more. The key stays begun.
    private func leaveUnfinished(_ call: Call) {
        guard let action = call.route.effect.action else { return }
        var deed = self.deed(action, call, status: HTTPResponse.Status.serviceUnavailable.code)
        deed.after["outcome"] = "unknown: the request was given up after its longest time"
        call.unfinished.leave(deed)
    }

    /// Writes down what a request left behind whose time was up; false when there was nothing.
    package func settle(_ unfinished: UnfinishedDeed, within deadline: Duration) async throws -> Bool {
        guard let deed = unfinished.deed else { return false }
        let isWritten = try await withDeadline(deadline) {
            try await units.perform { try await append(deed) }
            return true
        }
        guard isWritten == true else { throw APIError.unavailable("the audit entry could not be written in time") }
        return true
    }

    /// What failed may be tried again under the same key, unless part of it may have been done: that is written down,
    /// and the key stays begun.
    private func giveUp(_ call: Call, _ refusal: APIResponse) async throws {
        try await units.perform {
            if call.request.audit.content.mayHaveChanged, let action = call.route.effect.action {
                try await append(deed(action, call, status: refusal.status.code))
            } else if let key = call.key {
                try await ledger.release(key)
            }
        }
    }

    /// The answer that is known already for the key of a request.
    private func knownAnswer(to call: Call) async throws -> APIResponse? {
        guard let key = call.key else { return nil }
        switch try await ledger.claim(key, at: time.now()) {
        case .new: return nil
        case .answered(let stored): return try APIResponse(stored, sealer)
        case .otherPayload:
            throw APIError(
                .unprocessableContent, "this Idempotency-Key was used for another request: use a new key for this one")
        case .inProgress:
            var error = APIError(.conflict, "a request with this Idempotency-Key is in progress: ask again shortly")
            error.headers[.retryAfter] = String(APIError.retryAfterSeconds)
            throw error
        case .interrupted(let since):
            throw APIError(
                .conflict,
                "a request with this Idempotency-Key began at \(since.rfc3339) and was interrupted; whether it took "
                    + "effect is not known: check the state first, then use a new key")
        case .full:
            // What ends or removes something is done all the same, without an answer that is kept.
            guard call.route.diskNeed == .removal else { throw APIError.tooManyAnswers }
            return nil
        }
    }

    /// False where the account has no room for another answer, and the request is carried out without.
    private func keepsAnswers(to call: Call) async throws -> Bool {
        guard let key = call.key, call.route.diskNeed == .removal else { return true }
        return try await ledger.claim(key, at: time.now()) != .full
    }

    private func record(_ call: Call, _ answer: APIResponse) async throws {
        let mayHaveChanged = answer.status.kind == .successful || call.request.audit.content.mayHaveChanged
        if let action = call.route.effect.action, mayHaveChanged {
            try await append(deed(action, call, status: answer.status.code))
        }
        if let key = call.key, try await keepsAnswers(to: call) {
            let isKept = hasRoom(for: .growth) && answer.body.readableBytes <= APIResponse.keptBytesMax
            let kept = try (isKept ? answer : answer.notKept).withholding(call.route.secrets, at: time.now())
            try await ledger.keep(try StoredAnswer(kept, sealer), for: key, at: time.now())
        }
    }

    private func deed(_ action: String, _ call: Call, status: Int) -> AuditDeed {
        let request = call.request
        let notes = request.audit.content
        var target = notes.target
        if let ref = request.parameters["ref"] { target["project"] = ref }
        if let slug = request.parameters["slug"] { target["organization"] = slug }
        let actor = request.principal?.account
        let organization = request.admitted?.organizationSlug ?? request.parameters["slug"]
        return AuditDeed(
            scope: notes.scope ?? organization.map(AuditScope.organization) ?? .account(actor?.id ?? "nobody"),
            at: time.now(), actorID: actor?.id ?? "", actorEmail: actor?.email ?? "",
            credential: request.principal?.credential.auditText ?? "none", action: action, route: call.route.name,
            status: status, target: target, address: request.address,
            requestID: call.identifier.text, before: notes.before, after: notes.after)
    }
}

extension APIResponse {
    /// The answer as it may be stored: without the secrets that it shows.
    fileprivate func withholding(_ secrets: Route.Secrets, at time: Timestamp) throws -> APIResponse {
        guard status.kind == .successful else { return self }
        switch secrets {
        case .none: return self
        case .shownOnce:
            return APIResponse(
                APIError(
                    .conflict,
                    "this request was carried out at \(time.rfc3339); the secret in its answer is shown once and not "
                        + "kept: if you did not receive it, revoke what was made and send a new request with a new "
                        + "Idempotency-Key"))
        case .fields(let names):
            // JSON is read by its own reader; every other decoder refuses. The answer is one of ours and within
            // keptBytesMax.
            guard case .object(var object) = try JSONReader.read(Array(body.readableBytesView), limits: .answer)
            else { return self }
            for name in names where object[name] != nil { object[name] = "" }
            var copy = try APIResponse(status, json: JSON.object(object))
            copy.headers = headers
            return copy
        }
    }
}

extension Principal.Credential {
    /// The credential as the audit trail names it: which one, and nothing that could be used.
    package var auditText: String {
        switch self {
        case .session(let id): IdempotencyKey.sessionPrefix + id
        case .accessToken(let number): "access_token \(number)"
        case .scopedToken(let scope): "scoped_token \(scope.tokenID)"
        }
    }
}

extension APIError {
    fileprivate static let fullDisk = APIError(
        .insufficientStorage,
        "the disk with the manager's data is nearly full, so nothing new is stored: ask who runs this "
            + "installation to make room")

    fileprivate static var tooManyEntries: APIError {
        later(
            "your account has changed so much within a day that its entries in the audit trail have "
                + "\(AuditBudget.bytesMax >> 20) MiB: try again later, or remove what is not needed in a session")
    }

    fileprivate static var tooManyAnswers: APIError {
        later(
            "your account has used \(IdempotencyKey.perAccountMax) Idempotency-Keys within a day, or their answers "
                + "have \(IdempotencyKey.bytesPerAccountMax >> 20) MiB: send this request without one, or later")
    }

    /// 429 for something that was not carried out.
    private static func later(_ message: String) -> APIError {
        var error = APIError(.tooManyRequests, message)
        error.headers[.retryAfter] = "3600"
        return error
    }
}

extension APIResponse {
    /// Largest body, in bytes, that is kept for a repeated request. Rows of a query are larger than what a client asks
    /// for twice, and the manager's database is no place for them.
    package static let keptBytesMax = 64 << 10

    /// The response to store instead of one that is too large: that the request was carried out: 409, as the
    /// promised content is gone.
    fileprivate var notKept: APIResponse {
        let message =
            "this request was carried out and answered \(status.code); the answer was larger than "
            + "\(Self.keptBytesMax) bytes, or the disk too full, and was not kept: use a new key to do it again"
        var kept = APIResponse(APIError(.conflict, message))
        kept.headers[.idempotencyBody] = "not-kept"
        return kept
    }
}

extension StoredAnswer {
    fileprivate init(_ answer: APIResponse, _ sealer: any AnswerSealer) throws {
        var headers: [String: String] = [:]
        for field in answer.headers { headers[field.name.rawName] = field.value }
        self.init(
            status: answer.status.code, headers: headers,
            sealedBody: try sealer.seal(Array(answer.body.readableBytesView)))
    }
}

extension APIResponse {
    fileprivate init(_ stored: StoredAnswer, _ sealer: any AnswerSealer) throws {
        var headers = HTTPFields()
        for (name, value) in stored.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers[name] = value
        }
        headers[.idempotencyReplayed] = "true"
        self.init(
            HTTPResponse.Status(code: stored.status), headers: headers,
            body: ByteBuffer(bytes: try sealer.open(stored.sealedBody)))
    }
}

extension IdempotencyKey {
    /// The key of a request, where it has one; 400 for one that cannot be used.
    package init?(
        _ headers: HTTPFields, method: String, path: String, query: String, body: ByteBuffer, principal: Principal
    )
        throws(APIError)
    {
        let values = headers[values: .idempotencyKey]
        guard let text = values.first else { return nil }
        guard values.count == 1, (1...Self.lengthMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw APIError(
                .badRequest, "Idempotency-Key must be 1 to \(Self.lengthMax) printable characters without spaces")
        }
        let parts = [Array(method.utf8), Array(path.utf8), Array(query.utf8), Array(body.readableBytesView)]
        // Lengths first: no two different requests give the same bytes.
        let payload = parts.flatMap { Array("\($0.count):".utf8) + $0 }
        self.init(
            account: principal.account.id, credential: principal.credential.auditText, text: text, payload: payload)
    }
}
