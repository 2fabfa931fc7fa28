import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@Suite("/platform/projects")
struct ProjectRoutesTests {
    static let rowKeys: Set<String> = [
        "id", "ref", "name", "status", "region", "cloud_provider", "organization_id", "organization_slug",
        "inserted_at", "subscription_id", "is_branch_enabled", "is_physical_backups_enabled", "preview_branch_refs",
        "stack", "template_version", "upgrade_available",
    ]

    @Test("a creation answers 201 with the row, the endpoint and the real keys")
    func create() async throws {
        try await APIHost.run { host in
            let answer = try await host.send("POST", "/platform/projects", body: APIHost.createBody("demo"))
            #expect(answer.status == 201)
            #expect(answer.isJSON)
            let json = try answer.json
            #expect(json.keys == Self.rowKeys.union(["endpoint", "anon_key", "service_key"]))
            let ref = try #require(json["ref"]?.text.flatMap { ProjectRef($0) })
            #expect(json["status"] == .string("COMING_UP"))
            #expect(json["id"] == .number(1))
            #expect(json["organization_id"] == .number(1))
            #expect(json["organization_slug"] == .string("default"))
            #expect(json["subscription_id"] == .null)
            #expect(json["preview_branch_refs"] == .array([]))
            #expect(json["anon_key"] == .string("anon.\(ref).token"))
            #expect(json["service_key"] == .string("service_role.\(ref).token"))
            let record = try #require(try await host.store.project(ref))
            #expect(json["endpoint"] == .string("http://127.0.0.1:\(record.leases?.ports["GATEWAY_PORT"] ?? 0)"))
            #expect(json["inserted_at"]?.isTimestamp == true)
            let secrets = try await host.catalog.secrets(of: ref)
            #expect(secrets["POSTGRES_PASSWORD"]?.reveal() == "Str0ng-pass-word")
        }
    }

    @Test("older and smaller bodies create as well: org_id, no password, unknown fields, region selection, services")
    func createVariants() async throws {
        try await APIHost.run { host in
            let bodies = [
                #"{"name":"a","org_id":1}"#,
                #"{"name":"b","organization_slug":"default","whatever":{"x":[1]},"db_pass":null}"#,
                #"{"name":"c","organization_slug":"default","region_selection":{"type":"specific","code":"eu-west-1"}}"#,
                #"{"name":"d","organization_slug":"default","services":["db","auth"]}"#,
            ]
            var answers: [JSONValue] = []
            for body in bodies {
                let answer = try await host.send(
                    "POST", "/platform/projects", body: body, headers: [("Content-Type", "text/plain")])
                #expect(answer.status == 201)
                answers.append(try answer.json)
            }
            #expect(answers[0]["region"] == .string("local"))
            #expect(answers[2]["region"] == .string("eu-west-1"))
            let ref = try #require(answers[3]["ref"]?.text.flatMap { ProjectRef($0) })
            #expect(try await host.store.project(ref)?.services.map(\.text) == ["auth", "db"])
        }
    }

    @Test("the list has pages, an order and a search")
    func list() async throws {
        try await APIHost.run { host in
            for name in ["beta", "alpha", "gamma-1"] { _ = try await host.create(name) }
            let page = try await host.send("GET", "/platform/projects?limit=2&offset=1&sort=name_desc")
            #expect(page.status == 200)
            let json = try page.json
            #expect(json.keys == ["pagination", "projects"])
            #expect(
                json["pagination"] == .object(["count": .number(3), "limit": .number(2), "offset": .number(1)]))
            #expect(json["projects"]?.all("name") == [.string("beta"), .string("alpha")])
            #expect(json["projects"]?[0]?.keys == Self.rowKeys)
            // Refs are searched too, and are random letters.
            let found = try await host.send("GET", "/platform/projects?search=MMA-").json
            #expect(found["projects"]?.all("name") == [.string("gamma-1")])
            let plain = try await host.send("GET", "/platform/projects").json
            #expect(plain["pagination"]?["limit"] == .number(100))
        }
    }

    @Test(
        "a query that is not possible is 400 and names the parameter",
        arguments: [
            ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
            ("offset=-1", "offset"), ("offset=99999999999999999999", "offset"), ("sort=size", "sort"),
            ("sort=", "sort"), ("search=%zz", "%"), ("search=%ff", "UTF-8"), ("search=%00", "search"),
        ])
    func badQuery(query: String, word: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send("GET", "/platform/projects?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.message?.contains(word) == true)
        }
    }

    @Test("the detail has a connection string that names the project and holds no secret")
    func detail() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let answer = try await host.send("GET", "/platform/projects/\(ref)")
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(
                json.keys == [
                    "id", "ref", "name", "status", "organization_id", "region", "cloud_provider", "inserted_at",
                    "updated_at", "db_host", "connectionString", "restUrl", "dbVersion", "subscription_id",
                    "is_branch_enabled", "is_physical_backups_enabled", "high_availability", "integration_source",
                    "stack", "template_version", "upgrade_available",
                ])
            #expect(json["connectionString"] == .string("sm:\(ref)"))
            let port = try #require(try await host.store.project(ref)?.leases?.ports["GATEWAY_PORT"])
            #expect(json["restUrl"] == .string("http://127.0.0.1:\(port)/rest/v1/"))
            #expect(json["db_host"] == .string("127.0.0.1"))
            #expect(json["dbVersion"] == .string("supabase-postgres-17.6.1.175"))
            let text = answer.text
            for secret in try await host.catalog.secrets(of: ref).values { #expect(!text.contains(secret.reveal())) }
        }
    }

    @Test("a deletion answers id, ref, name and the fate of the volumes, may be repeated, and ends in 404")
    func delete() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for _ in 1...2 {
                let answer = try await host.send("DELETE", "/platform/projects/\(ref)")
                #expect(answer.status == 200)
                #expect(
                    try answer.json
                        == .object([
                            "id": .number(1), "ref": .string(ref.text), "name": .string("demo"),
                            "volumes": .string("destroyed"),
                        ]))
            }
            #expect(
                try await host.send("GET", "/platform/projects/\(ref)/status").json
                    == .object(["status": .string("GOING_DOWN")]))
            try await host.set(.deleted, of: ref)
            #expect(try await host.send("DELETE", "/platform/projects/\(ref)").status == 404)
            #expect(try await host.send("GET", "/platform/projects/\(ref)").status == 404)
            #expect(try await host.send("GET", "/platform/projects").json["projects"] == .array([]))
        }
    }

    @Test("credentials show how to log in to the database and the dashboard, with the passwords that were minted")
    func credentials() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let answer = try await host.send("GET", "/platform/projects/\(ref)/credentials")
            #expect(answer.status == 200)
            let json = try answer.json
            let ports = try #require(try await host.store.project(ref)?.leases?.ports)
            #expect(json["database"]?["port"] == .number(Double(ports["DB_PORT"] ?? 0)))
            #expect(json["database"]?["user"] == .string("postgres"))
            #expect(json["dashboard"]?["username"] == .string("supabase"))
            #expect(json["dashboard"]?["url"] == .string("http://127.0.0.1:\(ports["GATEWAY_PORT"] ?? 0)"))
            guard case .string(let password)? = json["database"]?["password"] else {
                Issue.record("there is no database password")
                return
            }
            #expect(password.count >= 8)
            let again = try await host.send("GET", "/platform/projects/\(ref)/credentials")
            #expect(try again.json == json)
        }
    }

    @Test("settings hold the keys from the first answer on, and scheme and authority apart")
    func settings() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let answer = try await host.send("GET", "/platform/projects/\(ref)/settings")
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(
                json.keys == [
                    "ref", "name", "status", "region", "cloud_provider", "inserted_at", "db_host", "db_dns_name",
                    "db_name", "db_user", "db_port", "db_ip_addr_config", "ssl_enforced", "jwt_secret",
                    "service_api_keys", "app_config",
                ])
            let ports = try #require(try await host.store.project(ref)?.leases?.ports)
            #expect(json["db_port"] == .number(Double(ports["DB_PORT"] ?? 0)))
            #expect(json["db_name"] == .string("postgres"))
            #expect(json["db_ip_addr_config"] == .string("ipv4"))
            #expect(json["ssl_enforced"] == .bool(false))
            let endpoint = JSONValue.string("127.0.0.1:\(ports["GATEWAY_PORT"] ?? 0)")
            #expect(
                json["app_config"]
                    == .object([
                        "db_schema": .string("public"), "endpoint": endpoint, "storage_endpoint": endpoint,
                        "protocol": .string("http"),
                    ]))
            #expect(json["service_api_keys"]?.all("tags") == [.string("anon"), .string("service_role")])
            #expect(
                json["service_api_keys"]?.all("api_key")
                    == [.string("anon.\(ref).token"), .string("service_role.\(ref).token")])
            #expect(
                json["jwt_secret"]?.text == (try await host.catalog.secrets(of: ref)["JWT_SECRET"]?.reveal()))
        }
    }
}
