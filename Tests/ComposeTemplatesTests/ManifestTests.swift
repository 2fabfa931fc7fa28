import ComposeTemplates
import ProjectModel
import Testing

/// `x-supamanager`: what a template tells the manager.
@Suite struct ManifestTests {
    private static let full = """
        x-supamanager:
          version: "1"
          ports: [API_PORT, DB_PORT]
          addresses: {DB_ADDRESS: 2, VECTOR_ADDRESS: 30}
          secrets:
            JWT_SECRET: {alphabet: alphanumeric, length: 40}
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
              health-name: vector
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
        #expect(manifest.ports == ["API_PORT", "DB_PORT"])
        #expect(manifest.addresses == ["DB_ADDRESS": 2, "VECTOR_ADDRESS": 30])
        #expect(manifest.secrets["JWT_SECRET"] == SecretForm(alphabet: .alphanumeric, length: 40))
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
        #expect(vector.healthName == "vector")
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
            "1:17: x-supamanager.tokens: tokens are signed with JWT_SECRET, which must be one of the secrets"
        ),
        (
            "{tokens: {T: {role: root}}, secrets: {JWT_SECRET: {alphabet: hex, length: 40}}}",
            "1:36: x-supamanager.tokens.T.role: must be one of anon, service_role, not \"root\""
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

    @Test func theLogCollectorMustExist() {
        let text = "x-supamanager: {log-collector: {service: v, fallback: {driver: local}}}\nservices: {}\n"
        #expect(
            problems(text, policy: .unrestricted) == [
                "compose.yaml:1:33: x-supamanager.log-collector.service: there is no service v"
            ])
    }
}
