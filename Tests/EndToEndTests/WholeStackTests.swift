import Foundation
import Testing

extension EndToEnd {
    @Suite("A project with all services", .sharedProject("Whole stack"), .timeLimit(.minutes(5)))
    struct WholeStack {
        static let services: Set = [
            "db", "gateway", "auth", "rest", "realtime", "storage", "imgproxy", "meta", "functions", "analytics",
            "vector",
            "studio",
        ]

        @Test("It comes up without ever showing a status at which a client would give up")
        func statuses() async throws {
            let fixture = try #require(SharedProjectTrait.fixture)
            #expect(fixture.statuses.first == "COMING_UP")
            #expect(fixture.statuses.last == "ACTIVE_HEALTHY")
            let told = Set(fixture.statuses + (try await sharedProject().events().map(\.status)))
            #expect(told.isSubset(of: Project.studioStatuses))
            #expect(told.isDisjoint(with: Project.terminalStatuses), "\(told)")
        }

        @Test("Twelve containers run, with the names and labels of Compose and with ours")
        func containers() async throws {
            let project = try sharedProject()
            let inventory = try await project.inventory()
            #expect(inventory.containers.count == 12)
            #expect(Set(inventory.containers.map(\.service)) == Self.services)
            let installation = try #require(project.manager.installation)
            for container in inventory.containers {
                #expect(container.isRunning, "\(container.name): \(container.details["State"])")
                #expect(container.name == "\(project.ref)-\(container.service)-1")
                #expect(container.labels["com.docker.compose.project"] == project.ref)
                #expect(container.labels["com.docker.compose.container-number"] == "1")
                #expect(container.labels["com.docker.compose.oneoff"] == "False")
                #expect(container.labels["com.docker.compose.config-hash"]?.isEmpty == false)
                #expect(container.labels[Inventory.installationLabel] == installation)
                #expect(container.labels[Inventory.projectLabel] == project.ref)
            }
            for object in inventory.networks + inventory.volumes {
                #expect(object["Name"].text?.hasPrefix(project.ref + "_") == true)
                #expect(object["Labels"]["com.docker.compose.project"].text == project.ref)
                #expect(object["Labels"][Inventory.installationLabel].text == installation)
            }
            let networks = inventory.networks.compactMap { $0["Labels"]["com.docker.compose.network"].text }
            #expect(networks.sorted() == ["admin", "default"])
            #expect(inventory.volumes.allSatisfy { $0["Labels"]["com.docker.compose.volume"].text != nil })
        }

        @Test("Only gateway and database publish ports, leased ones, on 127.0.0.1")
        func publishedPorts() async throws {
            let project = try sharedProject()
            let publishing = try await project.inventory().containers.filter { !$0.published.isEmpty }
            #expect(Set(publishing.map(\.service)) == ["db", "gateway"])
            for port in publishing.flatMap(\.published) {
                #expect(port.address == "127.0.0.1")
                #expect(project.manager.settings.portRange.contains(port.port))
            }
            #expect(try await project.ports().all == Set(publishing.flatMap(\.published).map(\.port)))
        }

        @Test("No container is privileged, has the engine's socket or more of the host than its own files")
        func containment() async throws {
            let project = try sharedProject()
            for container in try await project.inventory().containers {
                let host = container.details["HostConfig"]
                #expect(host["Privileged"].flag == false)
                #expect(host["SecurityOpt"].items.contains(.string("no-new-privileges:true")), "\(container.name)")
                #expect(host["Memory"].integer ?? 0 > 0, "\(container.name)")
                #expect(host["MemorySwap"].integer == host["Memory"].integer, "\(container.name)")
                #expect(host["CapDrop"].items == [.string("ALL")], "\(container.name)")
                #expect(host["PidsLimit"].integer ?? 0 > 0, "\(container.name)")
                for mount in container.details["Mounts"].items where mount["Type"].text == "bind" {
                    #expect(mount["Source"].text?.hasPrefix(project.folder + "/") == true, "\(mount)")
                    #expect(mount["RW"].flag == false, "\(mount)")
                }
            }
        }

        @Test("Every service counts as healthy, on both APIs")
        func health() async throws {
            let project = try sharedProject()
            let client = project.manager.client
            let services = try await client.must("GET", project.path + "/services")["services"].items
            #expect(Set(services.compactMap { $0["service"].text }) == Self.services)
            #expect(services.allSatisfy { $0["state"].text == "ready" }, "\(services)")
            let health = try await client.must("GET", "/v1/projects/\(project.ref)/health").items
            #expect(
                Set(health.compactMap { $0["name"].text }).isSuperset(of: ["auth", "db", "realtime", "rest", "storage"])
            )
            #expect(health.allSatisfy { $0["status"].text == "ACTIVE_HEALTHY" }, "\(health)")
        }

        @Test("Keys are the same in all responses")
        func keys() async throws {
            let project = try sharedProject()
            let settings = try await project.settings()
            let list = try await project.manager.client.must("GET", "/v1/projects/\(project.ref)/api-keys?reveal=true")
                .items
            for (name, key) in [("anon", project.anonKey), ("service_role", project.serviceKey)] {
                #expect(key.split(separator: ".").count == 3)
                #expect(
                    settings["service_api_keys"].items.filter { $0["tags"].text == name }.map(\.["api_key"].text) == [
                        key
                    ])
                #expect(list.filter { $0["name"].text == name }.map(\.["api_key"].text) == [key])
            }
        }

        @Test("Envoy accepts the keys, refuses others, and keeps what is reserved for service_role")
        func gateway() async throws {
            let project = try sharedProject()
            let reserved = "/rest/v1/"
            let open = "/rest/v1/sm_absent"
            #expect(
                try await project.gateway("GET", open, key: project.anonKey).status == 404, "rest knows no such table")
            #expect(try await project.gateway("GET", open, key: project.serviceKey).status == 404)
            #expect(try await project.gateway("GET", open, key: nil).status == 401)
            #expect(try await project.gateway("GET", open, key: "wrong").status == 401)
            #expect(try await project.gateway("GET", open, key: project.anonKey + "x").status == 401)
            #expect(try await project.gateway("GET", reserved, key: project.anonKey).status == 403)
            #expect(try await project.gateway("GET", reserved, key: project.serviceKey).status == 200)
            #expect(try await project.gateway("POST", "/pg/query", key: project.anonKey, body: "{}").status == 403)
        }

        @Test("A row is read through the whole stack, by the role of the key")
        func rows() async throws {
            let project = try sharedProject()
            try await query(
                """
                CREATE TABLE sm_notes (id int PRIMARY KEY, note text);
                ALTER TABLE sm_notes ENABLE ROW LEVEL SECURITY;
                CREATE POLICY visible ON sm_notes TO anon USING (id = 1);
                GRANT SELECT ON sm_notes TO anon; GRANT ALL ON sm_notes TO service_role
                """)
            let rows = #"[{"id": 1, "note": "for all"}, {"id": 2, "note": "for the service"}]"#
            let written = try await project.gateway("POST", "/rest/v1/sm_notes", key: project.serviceKey, body: rows)
            #expect(written.status == 201, "\(written.text)")
            let third = #"{"id": 3, "note": "by no role"}"#
            let refused = try await project.gateway("POST", "/rest/v1/sm_notes", key: project.anonKey, body: third)
            #expect(refused.status == 403, "\(refused.text)")
            let anon = try await project.gateway("GET", "/rest/v1/sm_notes", key: project.anonKey)
            #expect(anon.json.items.compactMap { $0["note"].text } == ["for all"], "\(anon.text)")
            let service = try await project.gateway("GET", "/rest/v1/sm_notes", key: project.serviceKey)
            #expect(
                service.json.items.compactMap { $0["note"].text } == ["for all", "for the service"], "\(service.text)")
        }

        @Test("No secret stands in the manager's log, on its disk or in a label")
        func secrecy() async throws {
            let project = try sharedProject()
            let inventory = try await project.inventory()
            let secrets = try await knownSecrets(of: project, inventory)
            #expect(secrets.count >= 12, "only \(secrets.count) secrets are known")
            let labels = (inventory.containers.map(\.labels) + inventory.volumes.map(\.["Labels"].texts))
                .flatMap { $0.flatMap { [$0.key, $0.value] } }
            for secret in secrets { #expect(!labels.contains { $0.contains(secret) }) }

            let patterns = project.manager.settings.folder + "/patterns"
            try (secrets.joined(separator: "\n") + "\n").write(toFile: patterns, atomically: true, encoding: .utf8)
            let found = try await Command.run([
                "grep", "-rlaF", "--exclude=patterns", "-f", patterns, project.manager.settings.folder,
            ])
            #expect(found.exitCode == 1, "secrets in the clear: \(found.output)")
        }

        /// The access token, and every secret that the API tells or a container was given.
        private func knownSecrets(of project: Project, _ inventory: Inventory) async throws -> Set<String> {
            let names = [
                "POSTGRES_PASSWORD", "GOTRUE_JWT_SECRET", "DASHBOARD_PASSWORD", "SECRET_KEY_BASE", "DB_ENC_KEY",
                "CRYPTO_KEY", "LOGFLARE_PUBLIC_ACCESS_TOKEN", "LOGFLARE_PRIVATE_ACCESS_TOKEN",
                "S3_PROTOCOL_ACCESS_KEY_ID", "S3_PROTOCOL_ACCESS_KEY_SECRET", "ANON_KEY", "SERVICE_ROLE_KEY",
            ]
            let given = inventory.containers.flatMap { container in names.compactMap { container.environment[$0] } }
            let told = [project.anonKey, project.serviceKey, try await project.settings()["jwt_secret"].text ?? ""]
            return Set(given + told + [project.manager.settings.token]).subtracting([""])
        }

        private func query(_ sql: String) async throws {
            let project = try sharedProject()
            let answer = try await project.gateway(
                "POST", "/pg/query", key: project.serviceKey, body: jsonText(["query": sql]))
            guard answer.status == 200 else { throw Trouble("the query was refused: \(answer.status) \(answer.text)") }
        }

        @Test("Pause stops every container and keeps ports, volumes and rows; resume brings the same data back")
        func pauseAndResume() async throws {
            let project = try sharedProject()
            try await query("CREATE TABLE sm_kept AS SELECT 42 AS answer")
            let before = try await project.inventory()
            let ports = try await project.ports()

            try await project.ask(for: "pause")
            #expect(try await project.status() == "PAUSING")
            #expect(try await project.wait(for: "INACTIVE").allSatisfy { ["PAUSING", "INACTIVE"].contains($0) })
            let paused = try await project.inventory()
            #expect(paused.containers.allSatisfy { !$0.isRunning })
            #expect(paused.names == before.names)
            #expect(try await project.ports() == ports)

            try await project.ask(for: "resume")
            #expect(try await project.status() == "RESTORING")
            #expect(
                try await project.wait(for: "ACTIVE_HEALTHY").allSatisfy {
                    ["RESTORING", "ACTIVE_HEALTHY"].contains($0)
                })
            #expect(try await project.ports() == ports)
            #expect(try await project.inventory().containers.map(\.id) == before.containers.map(\.id))
            try await query("SELECT 1 / (SELECT count(*) FROM sm_kept WHERE answer = 42)")
            #expect(try await project.gateway("GET", "/rest/v1/", key: project.serviceKey).status == 200)
        }

        @Test("Restart replaces every container, keeps the data and ends healthy")
        func restart() async throws {
            let project = try sharedProject()
            try await query("CREATE TABLE sm_lasting AS SELECT 7 AS answer")
            let before = try await project.inventory()
            try await project.ask(for: "restart")
            #expect(try await project.status() == "RESTARTING")
            #expect(
                try await project.wait(for: "ACTIVE_HEALTHY").allSatisfy {
                    ["RESTARTING", "ACTIVE_HEALTHY"].contains($0)
                })
            let after = try await project.inventory()
            #expect(after.names == before.names)
            for (old, new) in zip(before.containers, after.containers) {
                #expect(new.isRunning)
                #expect(new.startedAt > old.startedAt, "\(new.name) has not been restarted")
            }
            try await query("SELECT 1 / (SELECT count(*) FROM sm_lasting WHERE answer = 7)")
        }
    }
}
