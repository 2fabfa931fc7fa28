import Foundation
import Testing

extension EndToEnd {
    @Suite(
        "A given database", .timeLimit(.minutes(5)),
        .enabled(if: ThrowawayDatabase.isAvailable, ThrowawayDatabase.reason))
    struct GivenDatabase {
        @Test(
            "A manager with SUPAMANAGER_DATABASE_URL keeps its state there, over a kill, and runs no cluster of its own"
        )
        func wholeLife() async throws {
            try await ThrowawayDatabase.with { database in
                try await ManagerProcess.with { settings in
                    settings.databaseURL = database.url
                } _: { manager in
                    let project = try await Project.active("elsewhere", services: ["db", "gateway"], by: manager)
                    let settings = try await project.settings()
                    #expect(!FileManager.default.fileExists(atPath: manager.settings.dataFolder + "/postgres"))
                    try await manager.kill()
                    try await manager.start()
                    #expect(try await project.settings() == settings)
                    try await project.ask(for: "pause")
                    try await project.wait(for: "INACTIVE")
                    try await project.ask(for: "resume")
                    try await project.wait(for: "ACTIVE_HEALTHY")
                    try await project.delete()
                    try await project.waitUntilGone()
                    #expect(try await project.inventory().names == [])
                }
            }
        }

        @Test("A database that does not answer is a clear refusal to start, without the password")
        func unreachable() async throws {
            let settings = try await ManagerSettings()
            defer { try? FileManager.default.removeItem(atPath: settings.folder) }
            var environment = settings.environment
            environment["SUPAMANAGER_DATABASE_URL"] = "postgres://someone:hunter2@127.0.0.1:1/nothing"
            let run = try await Command.run([Repository.binary, "serve"], environment: environment)
            #expect(run.exitCode != 0)
            #expect(run.output.contains("127.0.0.1"), "\(run.output)")
            #expect(!run.output.contains("hunter2"))
        }
    }
}
