import ProjectModel
import Testing

@testable import ComposeTemplates

/// `x-supamanager`: what a template tells the manager.
@Suite struct ManifestTests {
    private static let full = """
        x-supamanager:
          version: "1"
          ports: [API_PORT, DB_PORT]
          addresses: {DB_ADDRESS: 2, VECTOR_ADDRESS: 30}
          secrets:
            JWT_SECRET: {alphabet: alphanumeric, length: 40, purpose: token-signing}
            KEY: {alphabet: hex, length: 16}
          tokens: {ANON_KEY: {role: anon}, SERVICE_KEY: {role: service_role}}
          variables:
            SITE_URL: {default: "http://localhost:${API_PORT}", description: "Where it is"}
            REDIRECT: {default: "${SITE_URL}/callback", secret: true}
            MAYBE: {optional: true}
            NEEDED: {description: "Must be given"}
          files: [volumes/db, kong.yml]
          log-collector:
            service: vector
            fallback: {driver: json-file, options: {max-size: 10m}}
        services:
          vector:
            image: v
            x-supamanager:
              probe: {http: {port: 9001, path: /health, status: 200, headers: {X-A: b}, host: h}}
              optional: true
              boot-seconds: 30
          db:
            image: d
            x-supamanager: {probe: {postgres: {port: 5432, user: "${U}", database: postgres}}}
          tcp:
            image: t
            x-supamanager: {probe: {tcp: {port: 1}}}
          exec:
            image: e
            x-supamanager: {probe: {exec: {command: [pg_isready, -q]}}}
        """

    @Test func everythingIsRead() throws {
        let manifest = try ComposeLoader.manifest(text: Self.full, fileName: "f")
        #expect(manifest.version == "1")
        #expect(manifest.ports.map(\.name) == ["API_PORT", "DB_PORT"])
        #expect(manifest.addresses == ["DB_ADDRESS": 2, "VECTOR_ADDRESS": 30])
        #expect(
            manifest.secrets["JWT_SECRET"] == SecretForm(alphabet: .alphanumeric, length: 40, purpose: .tokenSigning))
        #expect(manifest.secrets["KEY"] == SecretForm(alphabet: .hex, length: 16))
        #expect(manifest.tokens == ["ANON_KEY": .anon, "SERVICE_KEY": .serviceRole])
        #expect(manifest.variables.map(\.name) == ["SITE_URL", "REDIRECT", "MAYBE", "NEEDED"])
        #expect(manifest.variables[0].summary == "Where it is")
        #expect(manifest.variables.map(\.isSecret) == [false, true, false, false])
        #expect(manifest.variables.map(\.isOptional) == [false, false, true, false])
        #expect(manifest.files == ["volumes/db", "kong.yml"])
        #expect(manifest.logCollector?.service == "vector")
        #expect(manifest.logCollector?.fallback.options == ["max-size": "10m"])
    }

    @Test func servicesHaveTheirProbes() throws {
        let project = try load(Self.full, environment: ["U": "postgres"]).project
        let vector = try #require(project.services["vector"]?.manifest)
        var http = HTTPProbe(port: 9001, path: "/health")
        http.status = 200
        http.headers = ["X-A": "b"]
        http.host = "h"
        #expect(vector.probe == .http(http))
        #expect(vector.isOptional)
        #expect(vector.bootSeconds == 30)
        #expect(project.services["db"]?.manifest.probe == .postgres(port: 5432, user: "postgres", database: "postgres"))
        #expect(project.services["tcp"]?.manifest.probe == .tcp(port: 1))
        #expect(project.services["exec"]?.manifest.probe == .exec(command: ["pg_isready", "-q"]))
        #expect(project.manifest == (try ComposeLoader.manifest(text: Self.full, fileName: "f")))
    }

    @Test func settingsAreDefaultsUnlessGivenAndMayUseOneAnother() throws {
        let manifest = try ComposeLoader.manifest(text: Self.full, fileName: "f")
        let settings = try manifest.settings(overriding: ["API_PORT": "8000", "NEEDED": "x"])
        #expect(settings["REDIRECT"] == "http://localhost:8000/callback" && settings["MAYBE"] == nil)
        let given = try manifest.settings(overriding: ["SITE_URL": "https://example.org", "NEEDED": "x"])
        #expect(given["REDIRECT"] == "https://example.org/callback")
        #expect {
            try manifest.settings(overriding: [:])
        } throws: { "\($0)" == "NEEDED: has no default and must be given (Must be given)" }
    }

    @Test func settingsThatUseThemselvesAreAnError() throws {
        let text = "x-supamanager: {variables: {A: {default: $B}, B: {default: \"${C:-$A}\"}}}\n"
        let manifest = try ComposeLoader.manifest(text: text, fileName: "f")
        #expect {
            try manifest.settings(overriding: [:])
        } throws: { "\($0)" == "A: its default uses itself: A -> B -> A" }
        #expect(try manifest.settings(overriding: ["B": "b"])["A"] == "b")
    }

    @Test func standInsHaveTheRightForm() throws {
        let values = try ComposeLoader.manifest(text: Self.full, fileName: "f").standIns()
        #expect(values["JWT_SECRET"]?.count == 40)
        #expect(values["API_PORT"] != values["DB_PORT"])
        #expect(values["VECTOR_ADDRESS"] == "10.0.0.30")
        #expect(values["NEEDED"] != nil && values["MAYBE"] == nil)
    }

    @Test func rangesArePartsOfTheSubnet() throws {
        let text = "x-supamanager: {addresses: {A: 4}, ranges: {R: {first: 16, prefix: 28}}}\n"
        let manifest = try ComposeLoader.manifest(text: text, fileName: "f")
        #expect(manifest.ranges == ["R": AddressRange(first: 16, prefixLength: 28)])
        #expect(manifest.ranges["R"]?.hostNumbers == 16..<32)
        #expect(manifest.standIns()["R"] == "10.0.0.16/28")
    }

    @Test(arguments: [
        ("{prots: [A]}", "1:17: x-supamanager.prots: unknown key; did you mean ports?"),
        ("{ports: [\"A B\"]}", "1:25: x-supamanager.ports[0]: \"A B\" is no name of a variable"),
        ("{ports: A}", "1:24: x-supamanager.ports: must be a list, not a string"),
        ("{addresses: {A: 0}}", "1:32: x-supamanager.addresses.A: must be from 1 to 30, not 0"),
        ("{addresses: {A: 31}}", "1:32: x-supamanager.addresses.A: must be from 1 to 30, not 31"),
        ("{addresses: {A: 2, B: 2}}", "1:28: x-supamanager.addresses: A and B have the same number 2"),
        (
            "{ranges: {R: {first: 8, prefix: 28}}}",
            "1:29: x-supamanager.ranges.R: a range of 16 addresses cannot start at 8: it starts at a multiple of its size"
        ),
        (
            "{secrets: {A: {alphabet: letters, length: 9}}}",
            "1:41: x-supamanager.secrets.A.alphabet: must be one of alphanumeric, hex, base64, base64url, not \"letters\""
        ),
        (
            "{secrets: {A: {alphabet: hex, length: 7}}}",
            "1:54: x-supamanager.secrets.A.length: must be from 8 to 256, not 7"
        ),
        ("{secrets: {A: {alphabet: hex}}}", "1:30: x-supamanager.secrets.A: needs length"),
        (
            "{ports: [A], secrets: {A: {alphabet: hex, length: 8}}}",
            "1:38: x-supamanager.secrets: A is already declared in ports"
        ),
        (
            "{tokens: {T: {role: anon}}}",
            "1:17: x-supamanager.tokens: a token is signed, which needs a secret with the purpose token-signing"
        ),
        (
            "{tokens: {T: {role: root}}, secrets: {S: {alphabet: hex, length: 40, purpose: token-signing}}}",
            "1:36: x-supamanager.tokens.T.role: must be one of anon, authenticated, service_role, not \"root\""
        ),
        ("{files: [../x]}", "1:25: x-supamanager.files[0]: \"../x\" must be a relative path without .."),
        ("{files: [/x]}", "1:25: x-supamanager.files[0]: \"/x\" must be a relative path without .."),
        ("{log-collector: {service: a}}", "1:32: x-supamanager.log-collector: needs fallback"),
        (
            "{variables: {A: {defualt: x}}}",
            "1:33: x-supamanager.variables.A.defualt: unknown key; did you mean default?"
        ),
        (
            "{variables: {A: {default: x, optional: true}}}",
            "1:55: x-supamanager.variables.A.optional: a setting with a default always has a value: leave one of both out"
        ),
        ("{x-more: 1}", "1:17: x-supamanager.x-more: unknown key"),
    ])
    func mistakesInTheManifestAreReportedWhereTheyAre(manifest: String, expected: String) {
        #expect {
            try ComposeLoader.manifest(text: "x-supamanager: \(manifest)\n", fileName: "f")
        } throws: { "\($0)" == "f:" + expected }
    }

    @Test(arguments: [
        ("{probe: {http: {port: 80}}}", "4:35: services.a.x-supamanager.probe.http: needs path"),
        (
            "{probe: {http: {port: 0, path: /}}}",
            "4:42: services.a.x-supamanager.probe.http.port: must be from 1 to 65535, not 0"
        ),
        (
            "{probe: {http: {port: 1, path: x}}}",
            "4:51: services.a.x-supamanager.probe.http.path: must be a path that starts with /, not \"x\""
        ),
        (
            "{probe: {http: {port: 1, path: \"/a b\"}}}",
            "4:51: services.a.x-supamanager.probe.http.path: must be a path that starts with /, not \"/a b\""
        ),
        (
            "{probe: {grpc: {}}}",
            "4:29: services.a.x-supamanager.probe.grpc: unknown key; a probe is one of http, tcp, postgres, exec"
        ),
        (
            "{probe: {tcp: {port: 1}, exec: {command: [x]}}}",
            "4:28: services.a.x-supamanager.probe: needs exactly one of http, tcp, postgres, exec"
        ),
        ("{probe: {exec: {command: []}}}", "4:45: services.a.x-supamanager.probe.exec.command: must not be empty"),
        ("{probe: {postgres: {port: 1, user: u}}}", "4:39: services.a.x-supamanager.probe.postgres: needs database"),
        ("{boot-seconds: 0}", "4:35: services.a.x-supamanager.boot-seconds: must be from 1 to 3600, not 0"),
        ("{boot_seconds: 1}", "4:21: services.a.x-supamanager.boot_seconds: unknown key; did you mean boot-seconds?"),
        (
            "{environment: secrets}",
            "4:34: services.a.x-supamanager.environment: must be one of function-secrets, not \"secrets\""
        ),
        ("{optional: 1}", "4:31: services.a.x-supamanager.optional: must be true or false, not the integer 1"),
    ])
    func mistakesInAServiceAreReportedWhereTheyAre(manifest: String, expected: String) {
        let text = "services:\n  a:\n    image: i\n    x-supamanager: \(manifest)\n"
        #expect(problems(text, policy: .unrestricted) == ["compose.yaml:" + expected])
    }

    @Test func rolesAndPurposesAreRead() throws {
        let text = """
            x-supamanager:
              roles: {database: pg, auth: server, rest: server, functions: server}
              health-names: {db: database, auth: auth}
              restart-names: {postgresql: database}
              database:
                {name: d, owner: o, administrator: a, read-only: r, sharing-password: [o, r], service-schemas: [s]}
              token-claims: {anon: visitor}
              functions-folder: jobs
              files: [jobs/main]
              ports: {P: {purpose: database}, Q: {}}
              secrets: {S: {alphabet: hex, length: 40, purpose: token-signing}}
              tokens: {T: {role: anon}}
              api-keys: {K: manager}
              variables: {V: {default: v, purpose: dashboard-user}}
              settings: {auth: {site_url: V}}
            services:
              pg: {image: i}
              server: {image: i, x-supamanager: {probes: {auth: {tcp: {port: 1}}, rest: {tcp: {port: 2}}}}}
            """
        let roles = try ComposeLoader.manifest(text: text, fileName: "f").stackRoles
        let (pg, server) = (try #require(ServiceName("pg")), try #require(ServiceName("server")))
        #expect(roles.services == [.database: pg, .auth: server, .rest: server, .functions: server])
        #expect(roles.roles(of: server) == [.auth, .rest, .functions])
        #expect(roles.healthNames == ["db": .database, "auth": .auth])
        #expect(roles.restartNames == ["postgresql": .database])
        #expect(
            roles.database
                == DatabaseRoles(
                    database: "d", owner: "o", administrator: "a", readOnly: "r", sharingPassword: ["o", "r"],
                    serviceSchemas: ["s"]))
        #expect(roles.claim(of: .anon) == "visitor" && roles.claim(of: .serviceRole) == "service_role")
        #expect(roles.functionsFolder == "jobs" && roles.ports == [.database: "P"])
        #expect(roles.secrets == [.tokenSigning: "S"] && roles.tokens == [.anon: "T"])
        #expect(roles.apiKeys == [.manager: "K"] && roles.settings == [.dashboardUser: "V"])
        #expect(roles.settingNames == [SettingName(.auth, "site_url"): "V"])
        let project = try load(text).project
        #expect(project.services["server"]?.manifest.probes == [.auth: .tcp(port: 1), .rest: .tcp(port: 2)])
    }

    @Test(arguments: [
        ("{roles: {db: a}}", "x-supamanager.roles.db: unknown key; there are database, gateway"),
        ("{roles: {auth: '-'}}", "x-supamanager.roles.auth: \"-\" is no name of a service"),
        ("{health-names: {db: database}}", "x-supamanager.health-names.db: there is no service with the role database"),
        ("{ports: {P: {purpose: http}}}", "x-supamanager.ports.P.purpose: must be one of gateway, database"),
        (
            "{ports: {P: {purpose: gateway}, Q: {purpose: gateway}}}",
            "x-supamanager.ports: P and Q are both for gateway"
        ),
        ("{roles: {database: a}, database: {name: d, owner: o}}", "x-supamanager.database: needs administrator"),
        ("{database: {name: d, owner: o, administrator: a}}", "x-supamanager.database: there is no service with the"),
        ("{functions-folder: ../x}", "x-supamanager.functions-folder: \"../x\" must be a relative path without .."),
        ("{functions-folder: x}", "x-supamanager.functions-folder: x is of no use without a service with the role"),
        (
            "{roles: {functions: a}, functions-folder: x/y, files: [xy]}",
            "x-supamanager.functions-folder: the project's folder has no x/y"
        ),
        (
            "{variables: {V: {default: v}}, settings: {auth: {site: V}}}",
            "x-supamanager.settings.auth.site: the Management API has no setting of this name that can be changed"
        ),
        (
            "{variables: {V: {default: v}}, settings: {pooler: {pool_mode: V}}}",
            "x-supamanager.settings.pooler.pool_mode: the Management API has no setting of this name that can be"
        ),
        ("{settings: {auth: {site_url: V}}}", "x-supamanager.settings.auth.site_url: there is no variable V"),
        ("{settings: {mail: {x: V}}}", "x-supamanager.settings.mail: unknown key; there are auth, rest"),
        ("{api-keys: {K: jwks}}", "x-supamanager.api-keys.K: must be one of publishable-list"),
        ("{api-keys: {K: token-key-set}}", "x-supamanager.api-keys.K: a key set is made of keys, which needs a secret"),
        ("{token-claims: {root: x}}", "x-supamanager.token-claims.root: unknown key; there are anon"),
    ])
    func mistakesInRolesAreReportedWhereTheyAre(manifest: String, expected: String) {
        #expect {
            try ComposeLoader.manifest(text: "x-supamanager: \(manifest)\n", fileName: "f")
        } throws: { "\($0)".contains(expected) }
    }

    @Test func rolesAreOfServicesThatExist() {
        let text = """
            x-supamanager: {roles: {auth: b, rest: a}}
            services: {a: {image: i, x-supamanager: {probes: {auth: {tcp: {port: 1}}}}}}
            """
        let found = problems(text)
        #expect(found.contains { $0.hasSuffix("x-supamanager.roles.auth: there is no service b") })
        #expect(
            found.contains {
                $0.hasSuffix("services.a.x-supamanager.probes.auth: the service does not have the role auth")
            })
    }

    @Test func theLogCollectorMustExist() {
        let text = "x-supamanager: {log-collector: {service: v, fallback: {driver: local}}}\nservices: {}\n"
        #expect(
            problems(text, policy: .unrestricted) == [
                "compose.yaml:1:33: x-supamanager.log-collector.service: there is no service v"
            ])
    }
}
