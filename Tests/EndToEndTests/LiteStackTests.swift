import Foundation
import Testing

extension EndToEnd {
    /// The stack `lite`: PostgreSQL and our own server, from images that were made on this machine.
    @Suite(
        "LiteStack", .timeLimit(.minutes(6)),
        .enabled("needs the images of the stack lite (scripts/make-images)") { await LiteStacks.areMade() })
    struct LiteStack {
        /// Where the API has the tables.
        private static let tables = "/rest/v1"
        /// What a made stack promises for its boot, and one that is as old as that soon.
        private static let boot = (given: "boot-seconds: 120", short: "boot-seconds: 15")
        /// A variable of the server alone.
        private static let role = "PGRST_DB_ANON_ROLE: anon\n"

        func run(
            _ stacks: LiteStacks.Change = { _ in },
            _ body: @escaping @Sendable (ManagerProcess, Project) async throws -> Void
        ) async throws {
            try await ManagerProcess.with {
                $0.templates = try LiteStacks(in: $0.folder, named: "stacks", stacks).folder
                $0.stack = "lite"
            } _: { manager in
                let project = try await Project.active("lite", by: manager)
                try await body(manager, project)
            }
        }

        // MARK: What a client does

        func sql(_ project: Project, _ text: String) async throws -> [JSONValue] {
            try await project.manager.client.must(
                "POST", "/v1/projects/\(project.ref)/database/query", body: jsonText(["query": text])
            ).items
        }

        /// A table with two rows, one of them public.
        private func makeNotes(_ project: Project) async throws {
            _ = try await sql(
                project,
                """
                create table notes (id int primary key, note text, is_public boolean not null);
                alter table notes enable row level security;
                create policy everybody on notes for select to anon, authenticated using (is_public);
                insert into notes values (1, 'kept', true), (2, 'hidden', false);
                """)
        }

        private func rest(
            _ method: String, _ path: String, of project: Project, key: String?, body: String = ""
        ) async throws -> Exchange {
            guard let port = try await project.ports().gateway else { throw Trouble("\(project.ref) has no port") }
            var headers: [(name: String, value: String)] = []
            for key in [key].compactMap({ $0 }) {
                headers += [(name: "apikey", value: key), (name: "Authorization", value: "Bearer \(key)")]
            }
            return try await Exchange.send(
                method, "http://127.0.0.1:\(port)" + Self.tables + path, headers: headers, body: body)
        }

        /// The ids of the rows that a key shows; a table that was made just now is there at once, or soon after.
        private func ids(_ project: Project, key: String) async throws -> [Int] {
            let answer = try await eventually("rows of \(project.ref)", within: .seconds(10)) {
                let answer = try await rest("GET", "/notes?select=id&order=id", of: project, key: key)
                return answer.status == 200 ? answer : nil
            }
            return answer.json.items.compactMap { $0["id"].integer }
        }

        private func expectRowSecurity(_ project: Project, _ moment: String) async throws {
            #expect(try await ids(project, key: project.anonKey) == [1], "\(moment)")
            #expect(try await ids(project, key: project.serviceKey) == [1, 2], "\(moment)")
        }

        private func containers(_ project: Project) async throws -> [String: Inventory.Container] {
            let all = try await project.inventory().containers
            return Dictionary(all.map { ($0.service, $0) }) { $1 }
        }

        // MARK: Life

        @Test("created, used under row security, paused, resumed and deleted")
        func life() async throws {
            try await run { manager, project in
                let made = try await containers(project)
                #expect(Set(made.keys) == ["db", "api", "functions"])
                #expect(try await manager.client.must("GET", project.path)["stack"].text == "lite")
                try await makeNotes(project)
                try await expectRowSecurity(project, "after the creation")
                try await expectWrites(project)
                try await expectRoles(project)
                try await expectConfinement(made)

                try await project.ask(for: "pause")
                try await project.wait(for: "INACTIVE")
                #expect(try await project.inventory().containers.allSatisfy { !$0.isRunning })
                try await project.ask(for: "resume")
                try await project.wait(for: "ACTIVE_HEALTHY")
                try await expectRowSecurity(project, "after the pause")
                #expect(try await containers(project).mapValues(\.id) == made.mapValues(\.id))

                let ports = try await project.ports().all
                #expect(ports.count == 2)
                try await project.delete()
                try await project.waitUntilGone()
                #expect(try await project.inventory().names == [])
                #expect(!FileManager.default.fileExists(atPath: project.folder))
                for port in ports { #expect(PortHolder.isFree(port), "port \(port) is still taken") }
            }
        }

        private func expectWrites(_ project: Project) async throws {
            let row = #"{"id": 3, "note": "written", "is_public": false}"#
            let refused = try await rest("POST", "/notes", of: project, key: project.anonKey, body: row)
            #expect(refused.status == 401 && refused.json["code"].text == "42501", "\(refused.status) \(refused.text)")
            let written = try await rest("POST", "/notes", of: project, key: project.serviceKey, body: row)
            #expect(written.status == 201, "\(written.status) \(written.text)")
            let forged = try await rest("GET", "/notes", of: project, key: project.serviceKey + "x")
            #expect(forged.status == 401, "\(forged.status) \(forged.text)")
            _ = try await rest("DELETE", "/notes?id=eq.3", of: project, key: project.serviceKey)
        }

        private func expectRoles(_ project: Project) async throws {
            let (client, v1) = (project.manager.client, "/v1/projects/\(project.ref)")
            let who = "select current_user::text as who, current_database()::text as place"
            let owner = try await sql(project, who).first
            #expect(owner?["who"].text == "postgres" && owner?["place"].text == "postgres")
            let reader = try await client.must(
                "POST", v1 + "/database/query/read-only", body: jsonText(["query": who])
            ).items.first
            #expect(reader?["who"].text == "supabase_read_only_user")
            let health = try await client.must("GET", v1 + "/health").items
            #expect(Set(health.compactMap { $0["name"].text }) == ["auth", "db", "realtime", "rest", "storage"])
            #expect(health.allSatisfy { $0["status"].text == "ACTIVE_HEALTHY" }, "\(health)")
            let login = try await client.must("GET", project.path + "/credentials")
            #expect(login["dashboard"]["url"] == .null && login["database"]["user"].text == "postgres")
        }

        private func expectConfinement(_ containers: [String: Inventory.Container]) async throws {
            for (service, container) in containers {
                let details = try await Engine.get("/containers/\(container.id)/json")
                let (host, config) = (details["HostConfig"], details["Config"])
                #expect(host["ReadonlyRootfs"].flag == true, "\(service)")
                #expect(host["CapDrop"].items == [.string("ALL")] && host["CapAdd"].items.isEmpty, "\(service)")
                #expect(host["SecurityOpt"].items.contains(.string("no-new-privileges:true")), "\(service)")
                #expect((host["Memory"].integer ?? 0) > 0 && (host["PidsLimit"].integer ?? 0) > 0, "\(service)")
                let user = config["User"].text ?? ""
                #expect(!user.isEmpty && !user.hasPrefix("0"), "\(service) runs as \(user)")
            }
        }

        // MARK: Time

        @Test(
            "containers older than their boot time: the manager's restart changes nothing, and a killed service heals")
        func age() async throws {
            try await run({ text in
                text = text.replacing(Self.boot.given, with: Self.boot.short)
                    .replacing("boot-seconds: 60", with: Self.boot.short)
            }) { manager, project in
                try await makeNotes(project)
                let before = try await containers(project)
                try await Task.sleep(for: .seconds(17))

                try await manager.stop()
                try await manager.start()
                let statuses = try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(statuses == ["ACTIVE_HEALTHY"])
                try await expectRowSecurity(project, "after the manager's restart")
                let after = try await containers(project)
                #expect(after.mapValues(\.id) == before.mapValues(\.id))
                #expect(after.mapValues(\.startedAt) == before.mapValues(\.startedAt))

                for service in ["api", "db"] {
                    let container = try await project.inventory().container(service)
                    try await Engine.mustCall("POST", "/containers/\(container.id)/kill")
                    _ = try await eventually("\(service) started again", within: Project.deadline) {
                        let now = try await project.inventory().container(service)
                        return now.isRunning && now.startedAt > container.startedAt ? true : nil
                    }
                    try await project.wait(for: "ACTIVE_HEALTHY")
                    try await expectRowSecurity(project, "after \(service) was killed")
                }
            }
        }

        // MARK: Versions

        @Test("another version of the stack reaches a project by an upgrade only, and replaces what differs")
        func upgrade() async throws {
            try await run { manager, project in
                try await makeNotes(project)
                let before = try await containers(project)
                try await manager.stop()
                try await manager.start(
                    templates: try LiteStacks(in: manager.settings.folder, named: "next") { text in
                        text = text.replacing(Self.role, with: Self.role + "      EDITION: next\n")
                    }.folder)
                try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(try await containers(project).mapValues(\.id) == before.mapValues(\.id))

                let path = "/v1/projects/\(project.ref)/upgrade"
                let plan = try await manager.client.must("GET", path + "/eligibility")["plan"]
                #expect(plan["replaced"].items.compactMap { $0["service"].text } == ["api"], "\(plan)")
                let target = try #require(plan["to"].text)
                try await manager.client.must("POST", path, body: jsonText(["target_version": target]))
                _ = try await eventually("the end of the upgrade", within: Project.deadline) {
                    try await project.status() == "UPGRADING" ? nil : true
                }
                try await project.wait(for: "ACTIVE_HEALTHY")
                let after = try await containers(project)
                #expect(after["api"]?.environment["EDITION"] == "next")
                #expect(after["db"]?.id == before["db"]?.id)
                try await expectRowSecurity(project, "after the upgrade")
            }
        }

        @Test("an image that was not made is pulled from nowhere: the project fails at once and says so")
        func unbuilt() async throws {
            try await ManagerProcess.with {
                $0.stack = "lite"
            } _: { manager in
                let project = try await Project.create("unbuilt", by: manager)
                try await project.wait(for: "INIT_FAILED")
                let failure = try await manager.client.must("GET", project.path + "/services")["failure"]
                #expect(failure["message"].text?.contains("is made on this host, never pulled") == true, "\(failure)")
                #expect(!manager.log.contains("PullImage"))
            }
        }
    }
}

/// The folder of stacks that scripts/make-images writes.
struct LiteStacks {
    /// Changes the text of the stack's Compose file.
    typealias Change = @Sendable (inout String) -> Void

    private static let made = Repository.root + "/.build/stacks"

    /// The folder that holds the stack.
    let folder: String

    /// Whether the images are there.
    static func areMade() async -> Bool {
        guard let text = try? String(contentsOfFile: made + "/lite/compose.yaml", encoding: .utf8) else { return false }
        for name in text.matches(of: /\n +image: (\S+)/).map(\.1) {
            guard let answer = try? await Engine.call("GET", "/images/\(name)/json"), answer.status == 200 else {
                return false
            }
        }
        return true
    }

    /// A copy with the stack alone, in which something may be changed.
    init(in parent: String, named name: String, _ change: Change = { _ in }) throws {
        folder = parent + "/" + name
        let file = folder + "/lite/compose.yaml"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: Self.made + "/lite", toPath: folder + "/lite")
        var text = try String(contentsOfFile: file, encoding: .utf8)
        change(&text)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
}
