import DataPlaneCore
import PostgresKit
import TokenKit

/// Asking the project's own code.
extension AuthCall {
    /// Longest time of a hook in the database.
    private static let functionMilliseconds = 2_000

    /// Calls a hook; nil where none is set up for the kind.
    ///
    /// - Parameters:
    ///   - members: the event without its metadata.
    ///   - store: the transaction that asks; nil calls a function in one of its own.
    /// - Throws: what the hook refused with, or why it has no answer.
    func callHook(
        _ kind: HookKind, with members: [JSONText.Member], in store: AuthStore? = nil
    ) async throws -> JSONText? {
        guard let target = configuration.hooks[kind] else { return nil }
        let event = JSONText.object([.init("metadata", try hookMetadata(kind))] + members)
        let answer: JSONText
        switch target {
        case .function(let schema, let name):
            let function = "\(try PostgresQuoting.identifier(schema)).\(try PostgresQuoting.identifier(name))"
            if let store {
                answer = try await callFunction(function, kind, with: event, in: store)
            } else {
                answer = try await service.pool.transaction { transaction in
                    try await callFunction(function, kind, with: event, in: AuthStore(session: transaction))
                }
            }
        case .server(let url, let secrets):
            answer = try await service.withHookSlot {
                try await callServer(url, secrets: secrets, with: Array(event.text.utf8))
            }
        }
        if let refusal = Webhook.refusal(answer) { throw refusal }
        return answer
    }

    private func hookMetadata(_ kind: HookKind) throws(AuthError) -> JSONText {
        var members: [JSONText.Member] = [
            .init("uuid", .string(try newID())), .init("time", .string(Timestamp.zulu(atSeconds: service.clock()))),
            .init("name", .string(kind.eventName)),
        ]
        if let address { members.append(.init("ip_address", .string(address))) }
        return .object(members)
    }

    // MARK: Functions

    private func callFunction(
        _ function: String, _ kind: HookKind, with event: JSONText, in store: AuthStore
    ) async throws -> JSONText {
        let row: PostgresRow
        do throws(PostgresError) {
            try await store.session.execute("SET LOCAL statement_timeout = \(Self.functionMilliseconds)")
            row = try await store.session.single(
                "SELECT \(function)($1::jsonb)::text AS answer", [.text(event.text)])
            try await store.session.execute("SET LOCAL statement_timeout = 0")
        } catch { throw Self.functionError(error, kind) }
        // A function that gives nothing has nothing against it.
        guard let text = try row.optionalString("answer") else { return .object([]) }
        guard let json = try? JSONText(Array(text.utf8)) else {
            throw AuthError.unexpected("The hook \(kind.rawValue) gave no JSON", cause: "not JSON")
        }
        return json
    }

    private static func functionError(_ error: PostgresError, _ kind: HookKind) -> any Error {
        guard case .server(let report) = error else { return error }
        guard report.sqlState != "57014" else {
            return AuthError(422, code: "hook_timeout", message: "The hook \(kind.rawValue) did not end in time")
        }
        return AuthError.unexpected(
            "Error running the hook \(kind.rawValue) (SQLSTATE \(report.sqlState))", cause: report.message)
    }

    // MARK: Servers

    private func callServer(_ url: String, secrets: [KeyBytes], with body: [UInt8]) async throws -> JSONText {
        let bounds = service.hookBounds
        let end = ContinuousClock.now + bounds.timeout
        var last = Webhook.unreachable
        for attempt in 1...bounds.triesMax {
            let left = end - ContinuousClock.now
            guard left > .zero else { throw Webhook.timeout(bounds) }
            let outcome = try await callOnce(url, secrets: secrets, body: body, within: left)
            switch outcome {
            case .outcome(.answer(let json)): return json
            case .outcome(.failed(let error)): throw error
            case .outcome(.again(let pause)):
                last = .hookFailed("Service currently unavailable due to hook")
                try await wait(pause, attempt: attempt, before: end)
            case .unreachable:
                last = Webhook.unreachable
                try await wait(bounds.pause, attempt: attempt, before: end)
            }
        }
        throw last
    }

    private enum Attempt {
        case outcome(Webhook.Outcome)
        case unreachable
    }

    private func callOnce(
        _ url: String, secrets: [KeyBytes], body: [UInt8], within left: Duration
    ) async throws -> Attempt {
        guard let http = service.http else {
            throw AuthError.unexpected("Hooks at addresses cannot be called", cause: "there is no HTTP client")
        }
        let bounds = service.hookBounds
        let headers: [(name: String, value: String)]
        do throws(TokenError) {
            headers = try Webhook.headers(
                id: UUIDText.random(), seconds: Int64(service.clock()), body: body, secrets: secrets)
        } catch { throw AuthError.crypto(error) }
        do throws(OutboundFailure) {
            let response = try await http.send(
                OutboundRequest(
                    url: url, headers: headers, body: body, timeout: left, responseBytesMax: bounds.responseBytesMax))
            return .outcome(Webhook.outcome(of: response))
        } catch {
            switch error {
            case .unreachable: return .unreachable
            case .timedOut: throw Webhook.timeout(bounds)
            case .tooLarge: throw Webhook.tooLarge(bounds)
            }
        }
    }

    /// Waits for the next try, where there is one and it comes in time.
    private func wait(_ pause: Duration, attempt: Int, before end: ContinuousClock.Instant) async throws {
        guard attempt < service.hookBounds.triesMax else { return }
        guard ContinuousClock.now + pause < end else { throw Webhook.timeout(service.hookBounds) }
        try await Task.sleep(for: pause)
    }
}

/// What each hook learns and may decide.
extension AuthCall {
    private static let passwordRejection = "Further password verification attempts will be rejected."
    private static let mfaRejection = "Further MFA verification attempts will be rejected."

    private static func isRejection(_ answer: JSONText) -> Bool { answer["decision"] == .string("reject") }

    private static func message(_ answer: JSONText, or standard: String) -> String {
        let text = answer["message"]?.stringValue ?? ""
        return text.isEmpty ? standard : String(text.prefix(AuthError.messageScalarsMax))
    }

    /// Asks whether a user may be made, in the transaction that makes it.
    func askBeforeCreation(of user: JSONText, in store: AuthStore) async throws {
        guard let answer = try await callHook(.beforeUserCreated, with: [.init("user", user)], in: store),
            Self.isRejection(answer)
        else { return }
        throw AuthError(
            403, code: "unexpected_failure", message: Self.message(answer, or: "The hook refused the new user"))
    }

    /// The claims as the project's own code wants them.
    func hookedClaims(_ store: AuthStore, _ token: AccessToken, method: String) async throws -> JSONText {
        let event: [JSONText.Member] = [
            .init("user_id", .string(token.user.id)), .init("claims", token.claims),
            .init("authentication_method", .string(method)),
        ]
        guard let answer = try await callHook(.customAccessToken, with: event, in: store) else { return token.claims }
        guard let claims = answer["claims"], case .object = claims else {
            throw AuthError.hookFailed("output claims field is missing")
        }
        guard AccessToken.isWhole(claims) else {
            throw AuthError.unexpected(
                "The access token hook gave claims that lack a required one", cause: "incomplete claims")
        }
        return claims
    }

    /// Tells of a try at a password, right or wrong.
    ///
    /// - Throws: `invalid_credentials` with the hook's words where it refuses.
    func tellOfPassword(of user: UserRecord, isValid: Bool) async throws(AuthError) {
        let event: [JSONText.Member] = [.init("user_id", .string(user.id)), .init("valid", .bool(isValid))]
        let answer = try await outside { try await callHook(.passwordVerificationAttempt, with: event) }
        guard let answer, Self.isRejection(answer) else { return }
        if answer["should_logout_user"] == .bool(true) {
            try await changing("Database error signing out") { try await $0.deleteSessions(user: user.id) }
        }
        throw AuthError(
            400, code: "invalid_credentials", message: Self.message(answer, or: Self.passwordRejection))
    }

    /// Tells of a try at a second factor, right or wrong, in the transaction that looks at it.
    ///
    /// - Returns: the refusal, with which all of the user's sessions end; nil where there is none.
    func refusalOfFactor(
        _ factor: String, type: String, of user: UserRecord, isValid: Bool, in store: AuthStore
    ) async throws -> AuthError? {
        let event: [JSONText.Member] = [
            .init("user_id", .string(user.id)), .init("factor_id", .string(factor)),
            .init("factor_type", .string(type)), .init("valid", .bool(isValid)),
        ]
        guard let answer = try await callHook(.mfaVerificationAttempt, with: event, in: store),
            Self.isRejection(answer)
        else { return nil }
        try await store.deleteSessions(user: user.id)
        return AuthError(403, code: "mfa_verification_rejected", message: Self.message(answer, or: Self.mfaRejection))
    }

    /// Runs what is outside any transaction of the request's, and gives its errors the API's form.
    func outside<Value: Sendable>(_ body: () async throws -> Value) async throws(AuthError) -> Value {
        do {
            return try await body()
        } catch let error as AuthError { throw error } catch let error as PostgresError {
            throw AuthError(error, doing: "Error running a hook")
        } catch is CancellationError {
            throw AuthError(504, code: "request_timeout", message: "The request took too long")
        } catch { throw .unexpected("Error running a hook", cause: "an error of an unknown kind") }
    }
}
