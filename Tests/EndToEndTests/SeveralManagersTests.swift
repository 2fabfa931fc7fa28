import Foundation
import Glibc
import Testing

extension EndToEnd {
    @Suite(
        "Several managers on one database", .timeLimit(.minutes(5)),
        .enabled(if: ThrowawayDatabase.isAvailable, ThrowawayDatabase.reason))
    struct SeveralManagers {
        private static let services = ["db", "gateway", "imgproxy"]

        /// Two managers on one database and one data folder; the first is active. Each reaches the engine through a
        /// recorder of its own.
        private struct Pair: Sendable {
            let first: ManagerProcess
            let second: ManagerProcess
            let firstCalls: EngineRecorder
            let secondCalls: EngineRecorder
        }

        private static func withPair(_ body: @Sendable (Pair) async throws -> Void) async throws {
            try await ThrowawayDatabase.with { database in
                let folder = "/tmp/smtest-e2e-rec-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
                defer { try? FileManager.default.removeItem(atPath: folder) }
                let recorders = (try EngineRecorder(folder + "/a"), try EngineRecorder(folder + "/b"))
                defer {
                    recorders.0.release()
                    recorders.0.close()
                    recorders.1.close()
                }
                try await ManagerProcess.with { settings in
                    settings.databaseURL = database.url
                    settings.engineSocket = recorders.0.socketPath
                } _: { first in
                    var settings = try await first.settings.neighbour()
                    settings.engineSocket = recorders.1.socketPath
                    let second = ManagerProcess(settings)
                    let pair = Pair(
                        first: first, second: second, firstCalls: recorders.0, secondCalls: recorders.1)
                    let outcome: Result<Void, any Error>
                    do {
                        try await second.start()
                        outcome = .success(try await body(pair))
                    } catch { outcome = .failure(Trouble("\(error)\nthe second manager's log:\n\(second.logTail)")) }
                    await uncancelled {
                        await first.resume()
                        do { try await second.stop() } catch { Issue.record("the second manager: \(error)") }
                        try? FileManager.default.removeItem(atPath: second.settings.folder)
                    }
                    try outcome.get()
                }
            }
        }

        private static func wait(for role: String, of manager: ManagerProcess) async throws {
            _ = try await eventually("a manager that is \(role)", within: .seconds(60)) {
                try await manager.client.must("GET", "/ready")["role"].text == role ? true : nil
            }
        }

        @Test(
            "One that is stopped in the middle of a start is followed by another, and does nothing when it is continued",
            arguments: [2, 5])
        func stopped(calls: Int) async throws {
            try await Self.withPair { pair in
                try await Self.wait(for: "active", of: pair.first)
                try await Self.wait(for: "standby", of: pair.second)
                pair.firstCalls.hold(atChange: calls)
                let project = try await Project.create("handed over", services: Self.services, by: pair.first)
                _ = try await eventually("calls of the first manager", within: Project.deadline) {
                    pair.firstCalls.changes.count >= calls ? true : nil
                }
                await pair.first.suspend()
                // What was under way reaches the engine late, as a call that cannot be cancelled.
                pair.firstCalls.release()
                let handed = Project(manager: pair.second, created: project.created)
                try await Self.wait(for: "active", of: pair.second)
                let before = pair.firstCalls.changes.count
                let statuses = try await handed.wait(for: "ACTIVE_HEALTHY")
                #expect(Set(statuses).isDisjoint(with: Project.terminalStatuses), "\(statuses)")
                #expect(!pair.secondCalls.changes.isEmpty)
                await pair.first.resume()
                try await Self.wait(for: "standby", of: pair.first)
                // Work for a manager that thinks that it may act, requested from the one that may not.
                let healed = try await handed.inventory().container("imgproxy").id
                try await Engine.mustCall("DELETE", "/containers/\(healed)?force=true")
                _ = try await eventually("a new container", within: Project.deadline) {
                    let container = try? await handed.inventory().container("imgproxy")
                    return container.map { $0.id != healed && $0.isRunning } == true ? true : nil
                }
                try await handed.wait(for: "ACTIVE_HEALTHY")
                try await project.ask(for: "pause")
                try await project.wait(for: "INACTIVE")
                try await project.delete()
                try await project.waitUntilGone()
                #expect(try await handed.inventory().names == [])
                let late = pair.firstCalls.changes.dropFirst(before)
                #expect(late.isEmpty, "the first manager acted after the takeover: \(late)")
                #expect(pair.first.log.contains("the manager's lease is lost"))
            }
        }

        @Test("One that is killed is followed by another, which also tells the truth about services")
        func killed() async throws {
            try await Self.withPair { pair in
                try await Self.wait(for: "active", of: pair.first)
                let project = try await Project.create("orphaned", services: Self.services, by: pair.second)
                _ = try await eventually("calls of the first manager", within: Project.deadline) {
                    pair.firstCalls.changes.count >= 2 ? true : nil
                }
                #expect(pair.secondCalls.changes.isEmpty, "a manager on standby acts")
                try await pair.first.kill()
                try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(try await pair.second.client.must("GET", "/ready")["role"].text == "active")
                try await pair.first.start()
                try await Self.wait(for: "standby", of: pair.first)
                _ = try await eventually("services as the manager on standby sees them", within: Project.deadline) {
                    let answer = try await pair.first.client.must("GET", project.path + "/services")["services"].items
                    return answer.count == 3 && answer.allSatisfy { $0["state"].text == "ready" } ? true : nil
                }
                try await project.delete()
                try await project.waitUntilGone()
            }
        }

        @Test("A manager with another data folder is refused, and the first keeps running")
        func otherFolder() async throws {
            try await Self.withPair { pair in
                let other = try await ManagerSettings()
                defer { try? FileManager.default.removeItem(atPath: other.folder) }
                var environment = other.environment
                environment["SUPAMANAGER_DATABASE_URL"] = pair.first.settings.databaseURL
                let run = try await Command.run([Repository.binary, "serve"], environment: environment)
                #expect(run.exitCode != 0)
                #expect(run.output.contains("same SUPAMANAGER_DATA_DIR"), "\(run.output)")
                #expect(run.output.contains(pair.first.settings.dataFolder + "/projects"), "\(run.output)")
                try await Self.wait(for: "active", of: pair.first)
            }
        }
    }
}
