import Foundation
import Testing

extension ManagerProcess {
    /// Longest time that removing all projects may take.
    private static let clearanceDeadline: Duration = .seconds(120)

    /// Runs `body` with a manager of its own. Afterwards, whatever happened, its projects are deleted through the API,
    /// and nothing of them may be left; the manager stops, and its folder goes.
    static func with(
        _ change: (inout ManagerSettings) throws -> Void = { _ in },
        _ body: @Sendable (ManagerProcess) async throws -> Void
    ) async throws {
        var settings = try await ManagerSettings()
        let folder = settings.folder
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try change(&settings)
        let manager = ManagerProcess(settings)
        let outcome: Result<Void, any Error>
        do {
            try await manager.start()
            outcome = .success(try await $current.withValue(manager) { try await body(manager) })
        } catch let trouble as Trouble {
            outcome = .failure(Trouble("\(trouble)\n\(manager.logTail)"))
        } catch { outcome = .failure(error) }
        await uncancelled { await manager.clear() }
        try outcome.get()
    }

    /// The manager of the test that runs, for reports.
    @TaskLocal static var current: ManagerProcess?

    private func clear() async {
        do {
            if !isRunning { try await start() }
            try await deleteProjects()
        } catch {
            Issue.record("the projects could not be deleted: \(error)")
        }
        do {
            #expect(try await stop() == 0)
        } catch {
            Issue.record("the manager could not be stopped: \(error)")
        }
        do {
            guard installation != nil else { return }
            let remains = try await inventory()
            #expect(remains.names == [], "the engine holds something of a manager whose projects are deleted")
            try await remains.remove()
        } catch {
            Issue.record("the remains could not be removed: \(error)")
        }
    }

    private func deleteProjects() async throws {
        for project in try await client.projects() {
            _ = try await client.send("DELETE", "/platform/projects/\(project)")
        }
        _ = try await eventually("an empty list of projects\n\(logTail)", within: Self.clearanceDeadline) {
            try await client.projects().isEmpty ? true : nil
        }
    }
}
