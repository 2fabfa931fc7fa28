import Foundation
import Testing

/// Backups of the stack `lite`, taken and restored on a real engine.
extension EndToEnd.LiteStack {
    private static let backupDeadline: Duration = .seconds(120)

    private func path(_ project: Project) -> String { "/platform/database/\(project.ref)/backups" }

    private func backups(_ project: Project) async throws -> [JSONValue] {
        try await project.manager.client.must("GET", path(project))["backups"].items
    }

    /// Takes a backup and waits until it was restored for a trial.
    private func backUp(_ project: Project) async throws -> Int {
        let made = try await project.manager.client.must("POST", path(project))
        let id = try #require(made["id"].integer)
        let settled = try await eventually("a verified backup\n\(project.manager.logTail)", within: Self.backupDeadline)
        {
            let found = try await backups(project).first { $0["id"].integer == id }
            let state = found?["state"].text
            return state == "pending" || state == "stored" ? nil : found
        }
        #expect(settled["state"].text == "verified", "\(settled)")
        return id
    }

    private func rows(_ project: Project) async throws -> [Int] {
        try await sql(project, "select id from kept order by id").compactMap { $0["id"].integer }
    }

    private func insert(_ id: Int, _ project: Project) async throws {
        _ = try await sql(project, "insert into kept values (\(id))")
    }

    private func databaseVolume(_ project: Project) async throws -> String {
        let database = try await project.inventory().container("db")
        let details = try await Engine.get("/containers/\(database.id)/json")
        return details["Mounts"].items.first { $0["Destination"].text == "/var/lib/postgresql/data" }?["Name"].text
            ?? ""
    }

    @Test("a backup is restored into another volume, and the restore is undone", .timeLimit(.minutes(6)))
    func backupAndRestore() async throws {
        try await run { manager, project in
            _ = try await sql(project, "create table kept (id int primary key)")
            for id in 1...3 { try await insert(id, project) }
            let id = try await backUp(project)
            for id in 4...5 { try await insert(id, project) }
            let original = try await databaseVolume(project)

            _ = try await manager.client.must("POST", path(project) + "/restore", body: #"{"id":\#(id)}"#)
            try await project.wait(for: "ACTIVE_HEALTHY")
            #expect(try await rows(project) == [1, 2, 3])
            let restored = try await databaseVolume(project)
            #expect(restored != original && restored.hasSuffix("_g1"))
            try await insert(6, project)

            _ = try await manager.client.must("POST", path(project) + "/undo-restore")
            try await project.wait(for: "ACTIVE_HEALTHY")
            #expect(try await rows(project) == [1, 2, 3, 4, 5])
            #expect(try await databaseVolume(project) == original)

            _ = try await manager.client.must("POST", path(project) + "/undo-restore")
            try await project.wait(for: "ACTIVE_HEALTHY")
            #expect(try await rows(project) == [1, 2, 3, 6])
            try await restoreToMoment(project)
            try await project.delete()
            try await project.waitUntilGone()
            #expect(try await project.inventory().names == [])
        }
    }

    /// Has the log copied, and goes back to between two commits. The project's database has 1, 2, 3 and 6.
    private func restoreToMoment(_ project: Project) async throws {
        let v1 = "/v1/projects/\(project.ref)/database/backups"
        let client = project.manager.client
        _ = try await client.must(
            "PATCH", v1 + "/schedule", body: #"{"schedule_for":"03:00:00","point_in_time":true}"#)
        _ = try await eventually("a window\n\(project.manager.logTail)", within: Self.backupDeadline) {
            try await latest(project)
        }
        try await insert(7, project)
        let clock = try await sql(project, "select ceil(extract(epoch from clock_timestamp()))::int as now")
        let moment = try #require(clock.first?["now"].integer)
        // What is committed a second before the server's clock may still be on its way into the log.
        _ = try await sql(project, "select pg_sleep(2.5)")
        try await insert(8, project)
        // A stop from outside, too, ends with everything in the store, and not a minute later.
        let database = try await project.inventory().container("db")
        _ = try await Engine.mustCall("POST", "/containers/\(database.id)/restart?t=60")
        _ = try await eventually("the moment\n\(project.manager.logTail)", within: .seconds(30)) {
            try await latest(project).flatMap { $0 >= moment ? $0 : nil }
        }
        let early = try await client.send("POST", v1 + "/restore-pitr", body: #"{"recovery_time_target_unix":1}"#)
        #expect(early.status == 400)
        try await project.wait(for: "ACTIVE_HEALTHY")
        _ = try await client.must(
            "POST", v1 + "/restore-pitr", body: #"{"recovery_time_target_unix":\#(moment)}"#)
        try await project.wait(for: "ACTIVE_HEALTHY")
        #expect(try await rows(project) == [1, 2, 3, 6, 7])
    }

    /// The latest moment that can be restored.
    private func latest(_ project: Project) async throws -> Int? {
        try await project.manager.client.must("GET", "/v1/projects/\(project.ref)/database/backups")[
            "physical_backup_data"][
                "latest_physical_backup_date_unix"
            ].integer
    }

    @Test(
        "a manager that is killed in the middle of a restore finishes it after its start", .timeLimit(.minutes(6)),
        arguments: [200, 1_500, 3_000])
    func killedInRestore(milliseconds: Int) async throws {
        try await run { manager, project in
            _ = try await sql(project, "create table kept (id int primary key)")
            try await insert(1, project)
            let id = try await backUp(project)
            try await insert(2, project)
            _ = try await manager.client.must("POST", path(project) + "/restore", body: #"{"id":\#(id)}"#)
            try await Task.sleep(for: .milliseconds(milliseconds))
            try await manager.kill()
            try await manager.start()
            try await project.wait(for: "ACTIVE_HEALTHY")
            // The status is the row's: a manager that has just started has yet to see that the database runs.
            let found = try await eventually("rows of \(project.ref)", within: .seconds(20)) {
                let answer = try await project.manager.client.send(
                    "POST", "/v1/projects/\(project.ref)/database/query",
                    body: jsonText(["query": "select id from kept order by id"]))
                return answer.status == 201 ? answer.json.items.compactMap { $0["id"].integer } : nil
            }
            #expect(found == [1])
            let volumes = try await project.inventory().names.filter { $0.contains("db-data") }
            #expect(volumes.count == 2, "\(volumes)")
        }
    }
}
