import Foundation
import Synchronization
import Testing

extension EndToEnd {
    @Suite(
        "A manager that comes and goes", .timeLimit(.minutes(RestartPlan.fromEnvironment.minutesMax)),
        .enabled(if: ThrowawayDatabase.isAvailable, ThrowawayDatabase.reason))
    struct ManagerRestarts {
        /// Boot time of every service, in seconds: all containers are older when the first manager goes.
        private static let bootSeconds = 20

        /// Two managers on one database and one data folder.
        private struct Pair: Sendable {
            let first: ManagerProcess
            let second: ManagerProcess

            var all: [ManagerProcess] { [first, second] }

            /// The one that acts.
            func active() async throws -> ManagerProcess {
                try await eventually("a manager that is active", within: .seconds(60)) {
                    for manager in all {
                        guard await manager.isRunning else { continue }
                        guard let answer = try? await manager.client.send("GET", "/ready", token: nil) else { continue }
                        if answer.json["role"].text == "active" { return manager }
                    }
                    return nil
                }
            }
        }

        private static func withPair(_ body: @Sendable (Pair) async throws -> Void) async throws {
            try await ThrowawayDatabase.with { database in
                try await ManagerProcess.with { settings in
                    settings.databaseURL = database.url
                    settings.templates = try ChangedTemplate(
                        in: settings.folder, named: "quick", bootSeconds: bootSeconds
                    ).folder
                } _: { first in
                    let second = ManagerProcess(try await first.settings.neighbour())
                    let outcome: Result<Void, any Error>
                    do {
                        try await second.start()
                        outcome = .success(try await body(Pair(first: first, second: second)))
                    } catch { outcome = .failure(Trouble("\(error)\nthe second manager's log:\n\(second.logTail)")) }
                    await uncancelled {
                        await first.resume()
                        await second.resume()
                        do { try await second.stop() } catch { Issue.record("the second manager: \(error)") }
                        try? FileManager.default.removeItem(atPath: second.settings.folder)
                    }
                    try outcome.get()
                }
            }
        }

        /// What happens to the manager that acts.
        private enum Fate: String, CaseIterable {
            case killed, stopped, suspended, replaced

            func strike(_ manager: ManagerProcess, _ plan: RestartPlan) async throws {
                switch self {
                case .killed:
                    try await manager.kill()
                    try await manager.start()
                case .stopped:
                    try await manager.stop()
                    try await manager.start()
                case .suspended:
                    await manager.suspend()
                    try await Task.sleep(for: plan.suspension)
                    await manager.resume()
                case .replaced:
                    try await manager.kill()
                    // Longer than its lease: the other one acts by then.
                    try await Task.sleep(for: .seconds(13))
                    try await manager.start()
                }
            }
        }

        @Test(
            "Killed, stopped, suspended or replaced: no container changes, and the project is never anything but healthy"
        )
        func nothingChanges() async throws {
            let plan = RestartPlan.fromEnvironment
            try await Self.withPair { pair in
                let project = try await Project.active("lasting", services: plan.services, by: pair.first)
                try await Task.sleep(for: .seconds(Self.bootSeconds + 5))
                let before = try await Picture(of: project)
                let witness = Witness()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for manager in pair.all { group.addTask { await witness.watch(project, through: manager) } }
                    defer { group.cancelAll() }
                    for round in 0..<plan.rounds {
                        let fate = Fate.allCases[round % Fate.allCases.count]
                        try await fate.strike(try await pair.active(), plan)
                        let active = try await pair.active()
                        try await waitUntilProbed(Project(manager: active, created: project.created))
                        try await Task.sleep(for: .seconds(3))
                        #expect(try await Picture(of: project) == before, "round \(round + 1), \(fate.rawValue)")
                    }
                }
                #expect(witness.answers > 100, "a manager answered all the time")
                #expect(witness.others == [:], "answers other than ACTIVE_HEALTHY")
            }
        }

        /// Waits until the manager has seen every service answer.
        private func waitUntilProbed(_ project: Project) async throws {
            _ = try await eventually("probed services", within: Project.deadline) {
                let answer = try? await project.manager.client.send("GET", project.path + "/services")
                let services = answer?.json["services"].items ?? []
                return !services.isEmpty && services.allSatisfy { $0["state"].text == "ready" } ? true : nil
            }
        }
    }
}

/// How much is done: a sample, or what `scripts/restart-matrix` asks for.
struct RestartPlan: Sendable {
    var rounds = 4
    var suspension: Duration = .seconds(13)
    var services: [String]? = ["db", "rest", "imgproxy", "gateway"]
    var minutesMax = 6

    static var fromEnvironment: RestartPlan {
        let environment = ProcessInfo.processInfo.environment
        var plan = RestartPlan()
        guard let rounds = environment["SUPAMANAGER_TEST_RESTARTS"].flatMap({ Int($0) }) else { return plan }
        plan.rounds = rounds
        plan.suspension = .seconds(60)
        plan.services = nil
        plan.minutesMax = 10 + rounds * 2
        return plan
    }
}

/// What must not change of a project.
private struct Picture: Equatable {
    let containers: [String: String]
    let events: [String]

    init(of project: Project) async throws {
        let inventory = try await project.inventory()
        containers = Dictionary(uniqueKeysWithValues: inventory.containers.map { ($0.id, $0.startedAt) })
        let manager = project.manager
        let answer = try await eventually("the events of the project", within: Project.deadline) {
            let answer = try? await manager.client.send("GET", project.path + "/events")
            return answer?.status == 200 ? answer : nil
        }
        // In an order of their own: a dictionary prints its members as it likes.
        events = answer.json["events"].items.map { event in
            event.texts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
    }
}

/// Asks for a project's status all the time, and remembers what was answered.
private final class Witness: Sendable {
    private struct State {
        var answers = 0
        var others: [String: Int] = [:]
    }

    private static let pause: Duration = .milliseconds(50)
    private let state = Mutex(State())

    var answers: Int { state.withLock(\.answers) }
    /// Answers other than that the project is healthy, and how often they came.
    var others: [String: Int] { state.withLock(\.others) }

    /// Asks until it is cancelled. A manager that is not there gives no answer.
    func watch(_ project: Project, through manager: ManagerProcess) async {
        while !Task.isCancelled {
            if let answer = try? await manager.client.send("GET", project.path + "/status") { note(answer) }
            if let answer = try? await manager.client.send("GET", "/v1/projects/\(project.ref)") { note(answer) }
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func note(_ answer: Exchange) {
        let text = answer.status == 200 ? answer.json["status"].text ?? answer.text : "\(answer.status) \(answer.text)"
        state.withLock { state in
            state.answers += 1
            if text != "ACTIVE_HEALTHY" { state.others[text, default: 0] += 1 }
        }
    }
}
