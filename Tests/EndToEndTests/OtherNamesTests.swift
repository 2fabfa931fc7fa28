import Foundation
import Testing

extension EndToEnd {
    /// Services, ports, secrets, keys, settings, SQL roles and the folder of functions have other names than in the
    /// stack that comes with the program; in `united`, one container has four roles.
    @Suite(
        "Stacks with other names", .timeLimit(.minutes(8)),
        .enabled("the stacks are made of the offline images") { Engine.hasStandIns })
    struct OtherNames {
        private static let services: [String: Set<String>] = [
            "renamed": ["store", "door", "people", "tables", "wires", "files", "jobs", "catalogue"],
            "united": ["store", "door", "people", "jobs"],
        ]

        private func run(
            _ stack: String, _ body: @escaping @Sendable (ManagerProcess, Project) async throws -> Void
        ) async throws {
            try await ManagerProcess.with {
                $0.templates = try TestStacks(in: $0.folder, named: "stacks").folder
                $0.stack = stack
            } _: { manager in
                let project = try await Project.active(stack, by: manager)
                let inventory = try await project.inventory()
                #expect(Set(inventory.containers.map(\.service)) == Self.services[stack])
                try await body(manager, project)
            }
        }

        private func rows(_ project: Project, sql: String, form: String = "") async throws -> JSONValue {
            try await project.manager.client.must(
                "POST", "/v1/projects/\(project.ref)/database/query\(form)", body: jsonText(["query": sql]))
        }

        private func makeTable(_ project: Project) async throws {
            _ = try await rows(
                project, sql: "create table notes (id int primary key, note text); insert into notes values (1, 'kept')"
            )
        }

        /// The project's API works with a key, up to the row in the database.
        private func expectRow(_ project: Project, key: String, _ moment: String) async throws {
            let answer = try await project.gateway("GET", "/rest/v1/notes", key: key)
            #expect(answer.json.items.first?["note"].text == "kept", "\(moment): \(answer.status) \(answer.text)")
        }

        private func health(_ project: Project) async throws -> [String: String] {
            let rows = try await project.manager.client.must("GET", "/v1/projects/\(project.ref)/health").items
            return Dictionary(rows.map { ($0["name"].text ?? "", $0["status"].text ?? "") }) { $1 }
        }

        /// Waits until a service has a container with a variable, and the project is healthy with it.
        private func wait(
            for value: String, as name: String, in service: String, of project: Project
        ) async throws {
            _ = try await eventually("\(name) in the container of \(service)", within: Project.deadline) {
                // Between the old container and the new one there is none.
                let container = try await project.inventory().containers.first { $0.service == service }
                return container?.environment[name] == value ? true : nil
            }
            try await project.wait(for: "ACTIVE_HEALTHY")
        }

        // MARK: Life

        @Test("created, paused, resumed, upgraded and deleted", arguments: TestStacks.names)
        func life(stack: String) async throws {
            try await run(stack) { manager, project in
                try await makeTable(project)
                try await expectRow(project, key: project.anonKey, "after the creation")
                let before = try await project.inventory()

                try await project.ask(for: "pause")
                try await project.wait(for: "INACTIVE")
                #expect(try await project.inventory().containers.allSatisfy { !$0.isRunning })
                try await project.ask(for: "resume")
                try await project.wait(for: "ACTIVE_HEALTHY")
                try await expectRow(project, key: project.anonKey, "after the pause")
                #expect(try await project.inventory().containers.map(\.id) == before.containers.map(\.id))

                try await upgrade(project, before)

                let ports = try await project.ports().all
                #expect(ports.count == 2)
                try await project.delete()
                try await project.waitUntilGone()
                #expect(try await project.inventory().names == [])
                #expect(!FileManager.default.fileExists(atPath: project.folder))
                for port in ports { #expect(PortHolder.isFree(port), "port \(port) is still taken") }
            }
        }

        private func upgrade(_ project: Project, _ before: Inventory) async throws {
            let manager = project.manager
            try await manager.stop()
            try await manager.start(
                templates: try TestStacks(in: manager.settings.folder, named: "next", edition: "second").folder)
            let path = "/v1/projects/\(project.ref)/upgrade"
            let plan = try await manager.client.must("GET", path + "/eligibility")["plan"]
            #expect(plan["replaced"].items.compactMap { $0["service"].text } == ["people"], "\(plan)")
            let target = try #require(plan["to"].text)
            try await manager.client.must("POST", path, body: jsonText(["target_version": target]))
            _ = try await eventually("the end of the upgrade", within: Project.deadline) {
                try await project.status() == "UPGRADING" ? nil : true
            }
            try await project.wait(for: "ACTIVE_HEALTHY")
            let after = try await project.inventory()
            #expect(try after.container("people").environment["EDITION"] == "second")
            for service in ["store", "door"] {
                #expect(try after.container(service).id == before.container(service).id, "\(service)")
            }
            try await expectRow(project, key: project.anonKey, "after the upgrade")
        }

        // MARK: Services

        @Test("services are removed and added, and functions run from its own folder", arguments: TestStacks.names)
        func services(stack: String) async throws {
            try await run(stack) { manager, project in
                let (client, v1) = (manager.client, "/v1/projects/\(project.ref)")
                let code = "export default 'hello'"
                try await client.must(
                    "POST", v1 + "/functions", body: jsonText(["slug": "hello", "name": "hello", "body": code]))
                try await expectFunction(project, code)
                try await client.must(
                    "POST", v1 + "/secrets", body: #"[{"name": "WORD", "value": "xyzzy"}]"#)
                try await wait(for: "xyzzy", as: "WORD", in: "jobs", of: project)

                try await client.must("PATCH", project.path + "/services", body: #"{"remove": ["jobs"]}"#)
                try await project.wait(for: "ACTIVE_HEALTHY")
                #expect(try await project.inventory().containers.map(\.service).contains("jobs") == false)
                let refused = try await client.send(
                    "POST", v1 + "/functions", body: jsonText(["slug": "other", "name": "other", "body": code]))
                #expect(refused.status == 403 && refused.text.contains("the project has no service jobs"))

                try await client.must("PATCH", project.path + "/services", body: #"{"add": ["jobs"]}"#)
                try await project.wait(for: "ACTIVE_HEALTHY")
                try await expectFunction(project, code)
                let database = try await client.send(
                    "PATCH", project.path + "/services", body: #"{"remove": ["store"]}"#)
                #expect([400, 409].contains(database.status), "\(database.status) \(database.text)")
            }
        }

        private func expectFunction(_ project: Project, _ code: String) async throws {
            #expect(FileManager.default.fileExists(atPath: project.folder + "/work/jobs/hello/index.ts"))
            let answer = try await project.gateway("GET", "/functions/v1/hello", key: project.anonKey)
            #expect(answer.json["code"].text?.contains(code) == true, "\(answer.status) \(answer.text)")
        }

        // MARK: Keys, settings, restarts

        @Test("keys are made and signed ones refused; a setting reaches its service", arguments: TestStacks.names)
        func keys(stack: String) async throws {
            try await run(stack) { manager, project in
                let (client, v1) = (manager.client, "/v1/projects/\(project.ref)")
                try await makeTable(project)
                let made = try await client.must(
                    "POST", v1 + "/api-keys?reveal=true", body: #"{"type": "publishable", "name": "website"}"#)
                let key = try #require(made["api_key"].text)
                try await accepted(key, by: project)
                try await expectRow(project, key: key, "with a new key")

                try await client.must("PUT", v1 + "/api-keys/legacy?enabled=false")
                _ = try await eventually("the refusal of the signed key", within: Project.deadline) {
                    let answer = try? await project.gateway("GET", "/rest/v1/notes", key: project.anonKey)
                    return answer?.status == 401 ? true : nil
                }
                try await project.wait(for: "ACTIVE_HEALTHY")
                try await accepted(key, by: project)
                // The manager passes the gateway with a key of its own.
                let buckets = try await client.send("GET", "/platform/storage/\(project.ref)/buckets")
                #expect(buckets.status == 200, "\(buckets.status) \(buckets.text)")

                let page = "http://localhost:4321"
                try await client.must("PATCH", v1 + "/config/auth", body: jsonText(["site_url": page]))
                try await wait(for: page, as: "HOME_PAGE", in: "people", of: project)
                try await expectRestart(project)
            }
        }

        private func accepted(_ key: String, by project: Project) async throws {
            _ = try await eventually("a gateway that accepts the key", within: Project.deadline) {
                let answer = try? await project.gateway("GET", "/rest/v1/notes", key: key)
                return answer?.status == 200 ? true : nil
            }
        }

        /// The API's name of auth stands for the container that has the role.
        private func expectRestart(_ project: Project) async throws {
            let before = try await project.inventory().container("people")
            try await project.manager.client.must(
                "POST", project.path + "/restart-services", body: #"{"restartRequest": {"services": ["gotrue"]}}"#)
            _ = try await eventually("a restarted container", within: Project.deadline) {
                let now = try await project.inventory().container("people")
                return now.isRunning && now.startedAt > before.startedAt ? true : nil
            }
            try await project.wait(for: "ACTIVE_HEALTHY")
        }

        // MARK: SQL

        @Test(
            "SQL runs as its roles, on its database, also after a change of the password", arguments: TestStacks.names)
        func sql(stack: String) async throws {
            try await run(stack) { manager, project in
                try await makeTable(project)
                try await expectRoles(project)
                try await manager.client.must(
                    "PATCH", "/v1/projects/\(project.ref)/database/password",
                    body: #"{"password": "another-password"}"#)
                // The services log in with the new password as well.
                let rest = stack == "united" ? "people" : "tables"
                try await wait(for: "another-password", as: "STORE_PASSWORD", in: rest, of: project)
                try await accepted(project.anonKey, by: project)
                try await expectRoles(project)
                let login = try await manager.client.must("GET", project.path + "/credentials")["database"]
                #expect(login["user"].text == "keeper" && login["name"].text == "rows")
                #expect(login["password"].text == "another-password")
                let role = try await manager.client.must(
                    "POST", "/v1/projects/\(project.ref)/cli/login-role", body: #"{"read_only": true}"#)
                #expect(role["role"].text == "cli_login_reader")
            }
        }

        private func expectRoles(_ project: Project) async throws {
            let who = "select current_user::text as who, current_database()::text as place"
            let written = try await rows(project, sql: who).items.first
            #expect(written?["who"].text == "keeper" && written?["place"].text == "rows")
            #expect(try await rows(project, sql: who, form: "/read-only").items.first?["who"].text == "reader")
        }

        // MARK: Health

        private func call(_ command: String, in container: Inventory.Container) async throws {
            #expect(try await Engine.exitCode(of: ["/bin/sh", "-c", command], in: container.id) == 0, "\(command)")
        }

        @Test("each of the four roles of one container has its own health")
        func roles() async throws {
            try await run("united") { _, project in
                #expect(
                    try await health(project)
                        == Dictionary(
                            uniqueKeysWithValues: ["db", "auth", "rest", "realtime", "storage"].map {
                                ($0, "ACTIVE_HEALTHY")
                            }))
                let server = try await project.inventory().container("people")
                try await call("touch /tmp/down-realtime", in: server)
                let ill = try await eventually("a role that does not answer", within: .seconds(30)) {
                    let health = try await health(project)
                    return health["realtime"] == "ACTIVE_HEALTHY" ? nil : health
                }
                for name in ["db", "auth", "rest", "storage"] { #expect(ill[name] == "ACTIVE_HEALTHY", "\(ill)") }
                try await call("rm /tmp/down-realtime", in: server)
                _ = try await eventually("a role that answers again", within: .seconds(30)) {
                    try await health(project)["realtime"] == "ACTIVE_HEALTHY" ? true : nil
                }
                #expect(try await project.inventory().container("people").startedAt == server.startedAt)
            }
        }
    }
}
