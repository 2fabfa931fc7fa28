import APIKit
import HTTPBounds
import HTTPTypes
import Logging
import Orchestrator
import Synchronization

/// A dependency that must answer before the manager counts as ready.
public struct ReadinessCheck: Sendable {
    let name: String
    let check: @Sendable () async throws -> Void

    /// A check.
    ///
    /// - Parameters:
    ///   - name: The checked dependency, in one word (`database`).
    ///   - check: Throws an error whose description says what is wrong, without secrets. It is for the log: what
    ///     `/ready` answers is public and names the dependency only.
    public init(name: String, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.check = check
    }
}

/// `/health`: the manager runs. `/ready`: it can serve requests, and whether it is the one that acts on them.
struct ProbeController: Sendable {
    let checks: [ReadinessCheck]
    let role: @Sendable () -> ManagerRole
    let findings: ReadinessFindings

    /// Longest time that one check may take.
    static let checkDeadline: Duration = .seconds(5)

    var routes: [Route] {
        [
            Route(.get, "/health", access: .open, operation: Self.health) { _ in try APIResponse(json: ["status": "ok"])
            },
            Route(.get, "/ready", access: .open, operation: Self.readiness, handler: ready).costly,
        ]
    }

    private static let status = Schema.fields(Schema.Field("status", .text))
    private static let health = Operation(summary: "Whether the manager runs", answer: .json(status))
    private static let readiness = Operation(
        summary: "Whether the manager can work, and its role: active, or standby while another one acts",
        answer: .json(Schema.fields(Schema.Field("status", .text), Schema.Field("role", .text))),
        refusals: [
            Operation.Refusal(
                status: .serviceUnavailable, meaning: "what is not ready; the manager's log says why"),
            Operation.Refusal(status: .tooManyRequests, meaning: "asked too often from one network"),
        ])

    private func ready(_ request: APIRequest) async throws -> APIResponse {
        let problems = await withTaskGroup(of: String?.self, returning: [String].self) { group in
            for check in checks { group.addTask { await problem(of: check) } }
            return await group.reduce(into: []) { found, problem in
                if let problem { found.append(problem) }
            }
        }
        guard problems.isEmpty else { throw APIError.unavailable(problems.sorted().joined(separator: "; ")) }
        return try APIResponse(json: ["status": "ready", "role": role().rawValue])
    }

    private func problem(of check: ReadinessCheck) async -> String? {
        let problem = await finding(of: check)
        // A probe that its client gave up has found nothing.
        if !Task.isCancelled { findings.note(problem, of: check.name) }
        return problem.map { _ in "\(check.name): not ready" }
    }

    private func finding(of check: ReadinessCheck) async -> String? {
        do {
            let isDone = try await withDeadline(Self.checkDeadline) { try await check.check() } != nil
            return isDone ? nil : "no answer within \(Self.checkDeadline)"
        } catch {
            return "\(error)"
        }
    }
}

/// Which checks failed last. The log gets each change once, since any client may ask at any rate.
final class ReadinessFindings: Sendable {
    private let logger: Logger
    private let failing = Mutex<Set<String>>([])

    init(logger: Logger) { self.logger = logger }

    func note(_ problem: String?, of check: String) {
        let isChange = failing.withLock { failing in
            problem == nil ? failing.remove(check) != nil : failing.insert(check).inserted
        }
        guard isChange else { return }
        if let problem {
            logger.warning("the manager is not ready", metadata: ["check": "\(check)", "reason": "\(problem)"])
        } else {
            logger.notice("a dependency of the manager is ready again", metadata: ["check": "\(check)"])
        }
    }
}
