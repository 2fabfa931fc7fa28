import Foundation
import Testing

extension EndToEnd {
    @Suite("Template versions and upgrades", .timeLimit(.minutes(8)))
    struct Upgrades {
        /// How long a manager with another template is watched. The whole minute when asked for.
        private static let watch: Duration =
            ProcessInfo.processInfo.environment["SUPAMANAGER_TEST_FULL"] == nil ? .seconds(15) : .seconds(60)
        private static let setting = #"IMGPROXY_MAX_SRC_RESOLUTION: "16.8""#

        private func changed(_ manager: ManagerProcess, _ name: String, to value: String) throws -> String {
            try ChangedTemplate(
                in: manager.settings.folder, named: name, replacing: Self.setting,
                with: #"IMGPROXY_MAX_SRC_RESOLUTION: "\#(value)""#
            ).folder
        }

        private func runs(_ projects: [Project]) async throws -> [String: String] {
            var runs: [String: String] = [:]
            for project in projects {
                for container in try await project.inventory().containers {
                    runs[container.name] = "\(container.id) \(container.startedAt)"
                }
            }
            return runs
        }

        private func command(_ manager: ManagerProcess, _ arguments: [String]) async throws -> Command {
            try await Command.run(
                [Repository.binary, "projects", "upgrade"] + arguments,
                environment: [
                    "SUPAMANAGER_API_URL": "http://127.0.0.1:\(manager.settings.port)",
                    "SUPAMANAGER_ACCESS_TOKEN": manager.settings.token, "HOME": manager.settings.folder,
                ])
        }

        @Test(
            "a changed template changes nothing until projects are upgraded, one after the other; a broken one is taken back"
        )
        func wholeLife() async throws {
            try await ManagerProcess.with { manager in
                var projects: [Project] = []
                for name in ["one", "two", "three"] {
                    projects.append(
                        try await Project.active(name, services: ["db", "imgproxy", "gateway"], by: manager))
                }
                try await projects[0].sql(
                    "create table public.upgrade_mark (word text); insert into public.upgrade_mark values ('kept')")
                let before = try await runs(projects)

                try await manager.stop()
                try await manager.start(templates: try changed(manager, "second", to: "16.9"))
                let end = ContinuousClock.now + Self.watch
                while ContinuousClock.now < end {
                    for project in projects { #expect(try await project.status() == "ACTIVE_HEALTHY") }
                    #expect(try await runs(projects) == before)
                    try await Task.sleep(for: .seconds(1))
                }

                let preview = try await command(manager, [projects[0].ref, "--dry-run"])
                #expect(preview.exitCode == 0, "\(preview.output)")
                #expect(preview.output.contains("replace  imgproxy") && preview.output.contains("IMGPROXY_MAX_SRC"))
                #expect(preview.output.contains("keep     db, gateway"), "\(preview.output)")
                #expect(try await runs(projects) == before)

                let all = try await command(manager, ["--all"])
                #expect(all.exitCode == 0, "\(all.output)")
                for project in projects {
                    let inventory = try await project.inventory()
                    #expect(try inventory.container("imgproxy").environment["IMGPROXY_MAX_SRC_RESOLUTION"] == "16.9")
                    for service in ["db", "gateway"] {
                        let container = try inventory.container(service)
                        #expect(before[container.name] == "\(container.id) \(container.startedAt)")
                    }
                }
                try await expectOneAtATime(projects)
                let again = try await command(manager, [projects[0].ref])
                #expect(again.exitCode == 0 && again.output.contains("nothing to do"), "\(again.output)")

                try await manager.stop()
                try await manager.start(templates: try changed(manager, "broken", to: "sixteen"))
                let upgraded = try await runs(projects)
                let failed = try await command(manager, ["--all"])
                #expect(failed.exitCode != 0)
                #expect(failed.output.contains("imgproxy"), "\(failed.output)")
                // The first failure ends it: two of three were not touched at all.
                let after = try await runs(projects)
                #expect(after.filter { upgraded[$0.key] != $0.value }.count == 1)
                for project in projects {
                    #expect(try await project.status() == "ACTIVE_HEALTHY")
                    let container = try await project.inventory().container("imgproxy")
                    #expect(container.environment["IMGPROXY_MAX_SRC_RESOLUTION"] == "16.9")
                }
                #expect(try await projects[0].holds("(select word from public.upgrade_mark) = 'kept'"))
            }
        }

        /// An upgrade of one project ends before that of the next begins.
        private func expectOneAtATime(_ projects: [Project]) async throws {
            var spans: [(String, String)] = []
            for project in projects {
                let operations = try await project.manager.client.must("GET", project.path + "/operations")[
                    "operations"]
                let upgrade = try #require(operations.items.first { $0["kind"].text == "upgrade" })
                #expect(upgrade["state"].text == "succeeded")
                spans.append((upgrade["requested_at"].text ?? "", upgrade["finished_at"].text ?? ""))
            }
            spans.sort { $0 < $1 }
            for (first, second) in zip(spans, spans.dropFirst()) { #expect(first.1 <= second.0) }
        }

        @Test("services are added to a project and removed again, without touching the others")
        func services() async throws {
            try await ManagerProcess.with { manager in
                let project = try await Project.active("services", services: ["db", "gateway"], by: manager)
                let before = try await runs([project])
                try await manager.client.must(
                    "PATCH", project.path + "/services", body: #"{"add": ["imgproxy"]}"#)
                try await project.wait(for: "ACTIVE_HEALTHY")
                var now = try await runs([project])
                #expect(now.count == 3 && before.allSatisfy { now[$0.key] == $0.value })
                try await manager.client.must(
                    "PATCH", project.path + "/services", body: #"{"remove": ["imgproxy"]}"#)
                try await project.wait(for: "ACTIVE_HEALTHY")
                now = try await runs([project])
                #expect(now == before)
                let refused = try await manager.client.send(
                    "PATCH", project.path + "/services", body: #"{"remove": ["db"]}"#)
                #expect(refused.status == 400 || refused.status == 409, "\(refused.text)")
            }
        }
    }
}
