import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import SettingTables
import Testing

@testable import ComposeTemplates

/// What a project's own settings, keys and function secrets make of the template that comes with it.
@Suite("Rendering a project's own configuration")
struct ConfigurationRenderingTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/Templates/supabase"
    private static let services = [
        "analytics", "auth", "db", "functions", "gateway", "imgproxy", "meta", "pooler", "realtime", "rest", "storage",
        "studio", "vector",
    ]
    private let renderer: ComposeStackRenderer
    private let record: ProjectRecord
    private let minted: [String: Secret<String>]

    init() throws {
        renderer = ComposeStackRenderer(
            template: try StackTemplate(folder: Self.folder),
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil, projectsFolder: "/data/projects",
                variables: ["JWT_EXPIRY": "7200"]))
        let now = Timestamp(milliseconds: 0)
        let ports: [String: UInt16] = [
            "GATEWAY_PORT": 61_000, "POSTGRES_PORT": 61_001, "POOLER_SESSION_PORT": 61_002,
            "POOLER_TRANSACTION_PORT": 61_003,
        ]
        record = ProjectRecord(
            number: 1, ref: try #require(ProjectRef("abcdefghijklmnopqrst")), name: try ProjectName("demo"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .active,
            services: Self.services.compactMap { ServiceName($0) },
            leases: Leases(ports: ports, subnet: try #require(IPv4Network("10.201.0.64/27"))), insertedAt: now,
            updatedAt: now, statusChangedAt: now)
        let needs = try renderer.requirements(services: nil)
        let names = needs.secrets.map { ($0.name, $0.length) } + needs.tokens.map { ($0.name, 40) }
        minted = Dictionary(
            uniqueKeysWithValues: names.map { name, length in
                let text = name.filter(\.isLetter) + String(repeating: "x", count: length)
                return (name, Secret(String(text.prefix(length))))
            })
    }

    private func stack(_ change: (inout ProjectValues) -> Void = { _ in }) throws -> DesiredStack {
        var values = ProjectValues(secrets: minted)
        change(&values)
        return try renderer.render(record, values: values)
    }

    private func environment(_ service: String, _ stack: DesiredStack) throws -> [String: String] {
        let name = try #require(ServiceName(service))
        return try #require(stack.services[name]).spec.environment.reveal()
    }

    /// The services whose containers are others than without the change.
    private func touched(_ change: (inout ProjectValues) -> Void) throws -> Set<String> {
        let before = try stack().services.mapValues(\.configHash)
        let after = try stack(change).services.mapValues(\.configHash)
        return Set(before.filter { after[$0.key] != $0.value }.keys.map(\.text))
    }

    private func key(_ kind: APIKeyKind, name: String, text: String) -> ProjectAPIKey {
        ProjectAPIKey(
            StoredAPIKey(
                id: name, name: name, kind: kind, prefix: "", digest: "", sealed: [], description: nil, role: kind.role,
                insertedAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0)),
            key: Secret(text))
    }

    @Test(
        "a setting touches the services that use it, and the database only where it is about the database",
        arguments: [
            ("SITE_URL", "https://a.example", ["auth"]), ("JWT_EXPIRY", "60", ["auth", "rest"]),
            ("DISABLE_SIGNUP", "true", ["auth"]), ("SMTP_PASS", "hunter2", ["auth"]),
            ("GOTRUE_EXTERNAL_GITHUB_ENABLED", "true", ["auth"]), ("GOTRUE_SESSIONS_TIMEBOX", "60s", ["auth"]),
            ("PGRST_DB_SCHEMAS", "api", ["rest", "studio"]), ("PGRST_DB_MAX_ROWS", "5", ["rest", "studio"]),
            ("PGRST_DB_POOL", "5", ["rest"]), ("FILE_SIZE_LIMIT", "5", ["storage"]),
            ("ENABLE_IMAGE_TRANSFORMATION", "false", ["storage"]),
            ("TENANT_MAX_JOINS_PER_SECOND", "5", ["realtime"]), ("POOLER_MAX_CLIENT_CONN", "50", ["pooler"]),
            ("POSTGRES_WORK_MEM", "8MB", ["db"]), ("DB_MEMORY_LIMIT", "5g", ["db"]),
        ])
    func touched(name: String, value: String, services: [String]) throws {
        #expect(try touched { $0.settings[name] = Secret(value) } == Set(services))
    }

    @Test("what the template does not declare as a setting replaces nothing: no secret, and nothing that is managed")
    func undeclared() throws {
        let names = [
            "NO_SUCH_SETTING", "JWT_SECRET", "ANON_KEY", "LEGACY_KEYS_ENABLED", "GATEWAY_JWKS", "PUBLISHABLE_KEYS",
            "SECRET_KEYS_BY_NAME",
            "GATEWAY_SERVICE_KEY", "STUDIO_SERVICE_KEY", "PUBLIC_URL", "SUBNET", "DB_ADDRESS", "GATEWAY_PORT",
        ]
        for name in names {
            #expect(try touched { $0.settings[name] = Secret("10.0.0.9") } == [], "\(name)")
        }
    }

    @Test("the project's value wins over the installation's, and that one over the template's")
    func precedence() throws {
        #expect(try environment("auth", stack())["GOTRUE_JWT_EXP"] == "7200")
        let own = try stack { $0.settings["JWT_EXPIRY"] = Secret("60") }
        #expect(try environment("auth", own)["GOTRUE_JWT_EXP"] == "60")
        let declared = try renderer.declaredSettings()
        func setting(_ name: String) -> DeclaredSetting? { declared.first { $0.name == name } }
        #expect(setting("JWT_EXPIRY")?.defaultValue == "7200")
        #expect(setting("SITE_URL")?.defaultValue == "http://localhost:3000")
        let optional = DeclaredSetting(name: "GOTRUE_SESSIONS_TIMEBOX", defaultValue: nil)
        #expect(setting("GOTRUE_SESSIONS_TIMEBOX") == optional)
        #expect(setting("SMTP_PASS")?.isSecret == true && setting("SMTP_USER")?.isSecret == false)
        let open = declared.filter { $0.name.hasSuffix("_SECRET") && !$0.isSecret }
        #expect(open.isEmpty)
        #expect(setting("POSTGRES_PASSWORD") == nil)
    }

    @Test("a service does not get what has no value, since an empty one would keep it from starting")
    func unset() throws {
        let plain = try environment("auth", stack())
        #expect(plain["GOTRUE_SESSIONS_TIMEBOX"] == nil && plain["GOTRUE_EXTERNAL_GITHUB_ENABLED"] == nil)
        #expect(plain["GOTRUE_EXTERNAL_GITHUB_REDIRECT_URI"] == "http://127.0.0.1:61000/auth/v1/callback")
        let set = try stack { $0.settings["GOTRUE_SESSIONS_TIMEBOX"] = Secret("60s") }
        #expect(try environment("auth", set)["GOTRUE_SESSIONS_TIMEBOX"] == "60s")
        let db = try #require(ServiceName("db"))
        let arguments = try #require(try stack().services[db]?.spec.command)
        #expect(!arguments.contains("") && !arguments.contains { $0.hasPrefix("work_mem") })
        let tuned = try stack { $0.settings["POSTGRES_WORK_MEM"] = Secret("8MB") }
        #expect(tuned.services[db]?.spec.command?.contains("work_mem=8MB") == true)
    }

    @Test("a value is never read as part of the template")
    func injection() throws {
        for text in ["${JWT_SECRET}", "$$JWT_SECRET", "a: b\n  c: d", "\"\n- x", "# no comment", "é{{ .Code }}'"] {
            let own = try stack {
                $0.settings["SMTP_SENDER_NAME"] = Secret(text)
                $0.settings["GOTRUE_SMS_TEMPLATE"] = Secret(text)
                $0.functionSecrets["MINE"] = Secret(text)
            }
            #expect(try environment("auth", own)["GOTRUE_SMTP_SENDER_NAME"] == text)
            #expect(try environment("auth", own)["GOTRUE_SMS_TEMPLATE"] == text)
            #expect(try environment("functions", own)["MINE"] == text)
        }
    }

    @Test("a value that the template cannot take is refused as the template's error")
    func unusable() throws {
        #expect(throws: TemplateError.self) { try stack { $0.settings["DB_MEMORY_LIMIT"] = Secret("banana") } }
    }

    @Test("function secrets reach the functions' service, and replace nothing that the template sets")
    func functionSecrets() throws {
        #expect(try touched { $0.functionSecrets["MINE"] = Secret("value") } == ["functions"])
        let own = try stack {
            $0.functionSecrets = ["MINE": Secret("value"), "JWT_SECRET": Secret("mine"), "VERIFY_JWT": Secret("x")]
        }
        let functions = try environment("functions", own)
        #expect(functions["MINE"] == "value")
        #expect(functions["JWT_SECRET"] == minted["JWT_SECRET"]?.reveal() && functions["VERIFY_JWT"] == "false")
        for service in Self.services where service != "functions" {
            #expect(try environment(service, own)["MINE"] == nil, "\(service)")
        }
        #expect(own.files.isEmpty && !"\(own)".contains("value"))
    }

    @Test("function secrets that steer how programs start are left out, and change nothing else")
    func steeringFunctionSecrets() throws {
        let names = ["LD_PRELOAD", "PATH", "BASH_ENV", "DENO_DIR", "NODE_OPTIONS", "SUPABASE_URL"]
        let evil = Dictionary(uniqueKeysWithValues: names.map { ($0, Secret("/evil")) })
        #expect(try touched { $0.functionSecrets = evil }.isEmpty)
        let own = try stack { $0.functionSecrets = evil.merging(["MINE": Secret("value")]) { $1 } }
        let functions = try environment("functions", own)
        #expect(functions["MINE"] == "value")
        #expect(!functions.values.contains("/evil"))
    }

    @Test("no value of a project names a variable of a container, but function secrets in the functions' service")
    func variableNames() throws {
        let text = "LD_PRELOAD=/evil.so\nPATH=/evil"
        for service in Self.services {
            let plain = try environment(service, stack())
            let own = try stack {
                for name in ["SMTP_PASS", "SMTP_HOST", "SITE_URL", "GOTRUE_SMS_TEMPLATE", "DASHBOARD_USERNAME"] {
                    $0.settings[name] = Secret(text)
                }
                $0.functionSecrets["MINE"] = Secret(text)
            }
            var added = Set(try environment(service, own).keys).subtracting(plain.keys)
            added.remove("GOTRUE_SMS_TEMPLATE")
            #expect(added == (service == "functions" ? ["MINE"] : []), "\(service)")
        }
    }

    @Test("the names that the template gives to functions are known, those without a value included")
    func functionVariables() throws {
        let names = try renderer.roles().functionVariables
        #expect(names.isSuperset(of: ["JWT_SECRET", "VERIFY_JWT", "DENO_DIR", "HOME", "SUPABASE_DB_URL"]))
        #expect(!names.contains("GOTRUE_SITE_URL"))
    }

    @Test("the gateway gets all keys in lists, functions by name, and the dashboard the default ones")
    func keys() throws {
        let keys = [
            key(.secret, name: "jobs", text: "sb_secret_2"),
            key(.publishable, name: "default", text: "sb_publishable_1"),
            key(.secret, name: "default", text: "sb_secret_1"),
            key(.publishable, name: "app", text: "sb_publishable_2"),
        ]
        #expect(try touched { $0.apiKeys = keys } == ["gateway", "functions", "studio"])
        let own = try stack { $0.apiKeys = keys }
        let gateway = try environment("gateway", own)
        #expect(gateway["SUPABASE_PUBLISHABLE_KEYS"] == "sb_publishable_2,sb_publishable_1")
        #expect(gateway["SUPABASE_SECRET_KEYS"] == "sb_secret_1,sb_secret_2")
        #expect(gateway["LEGACY_KEYS_ENABLED"] == "true" && gateway["GATEWAY_SERVICE_KEY"] == "")
        let functions = try environment("functions", own)
        #expect(
            try JSONValue(text: functions["SUPABASE_SECRET_KEYS"] ?? "")
                == .object(["default": .string("sb_secret_1"), "jobs": .string("sb_secret_2")]))
        #expect(try environment("studio", own)["SUPABASE_PUBLISHABLE_KEY"] == "sb_publishable_1")
        let shuffled = try stack { $0.apiKeys = keys.reversed() }
        #expect(own.services.mapValues(\.configHash) == shuffled.services.mapValues(\.configHash))
    }

    @Test("the gateway verifies temporary keys with the project's JWT secret, as a set of keys")
    func keySet() throws {
        let gateway = try environment("gateway", stack { _ in })
        let secret = try #require(minted["JWT_SECRET"]?.reveal())
        let key = Data(secret.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        let expected = #"{"keys":[{"kty":"oct","alg":"HS256","k":"\#(key.replacing("=", with: ""))"}]}"#
        #expect(gateway["GATEWAY_JWKS"] == expected)
    }

    @Test("without any key, and with none called default, functions still find a member of that name")
    func noDefault() throws {
        for keys in [
            [],
            [
                key(.secret, name: "jobs", text: "sb_secret_2"),
                key(.publishable, name: "app", text: "sb_publishable_2"),
            ],
        ] {
            let functions = try environment("functions", stack { $0.apiKeys = keys })
            for name in ["SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_SECRET_KEYS"] {
                guard case .object(let members) = try JSONValue(text: functions[name] ?? "") else {
                    Issue.record("\(name) is not an object")
                    continue
                }
                #expect(members["default"] == .string("") && members.count == 1 + keys.count / 2)
            }
        }
        let operators = try stack { $0.settings["SUPABASE_SECRET_KEY"] = Secret("sb_secret_old") }
        #expect(try environment("functions", operators)["SUPABASE_SECRET_KEYS"] == #"{"default":"sb_secret_old"}"#)
        #expect(try environment("gateway", operators)["SUPABASE_SECRET_KEY"] == "sb_secret_old")
    }

    @Test("where signed keys are refused, the gateway and the dashboard have the manager's own key")
    func legacyKeys() throws {
        func disable(_ values: inout ProjectValues) {
            values.acceptsLegacyKeys = false
            values.secrets["GATEWAY_SERVICE_KEY"] = Secret("sb_secret_manager")
        }
        #expect(try touched(disable) == ["gateway", "studio"])
        let own = try stack(disable)
        #expect(try environment("gateway", own)["LEGACY_KEYS_ENABLED"] == "false")
        #expect(try environment("gateway", own)["GATEWAY_SERVICE_KEY"] == "sb_secret_manager")
        #expect(try environment("studio", own)["SUPABASE_SERVICE_KEY"] == "sb_secret_manager")
        let again = try stack { values in
            disable(&values)
            values.acceptsLegacyKeys = true
        }
        #expect(try environment("studio", again)["SUPABASE_SERVICE_KEY"] == minted["SERVICE_ROLE_KEY"]?.reveal())
    }

    @Test("every key of the Management API has its variable in the template, secret where it is")
    func tables() throws {
        let declared = try renderer.declaredSettings()
        let names = try renderer.roles().settingNames
        for table in [
            AuthSettings.table, StackSettings.rest, StackSettings.storage, StackSettings.realtime, StackSettings.pooler,
            StackSettings.postgres,
        ] {
            for setting in table.settings where !setting.isFixed {
                let variable = try #require(names[SettingName(table.area, setting.key)], "\(setting.key)")
                let isSecret = setting.isSecret || setting.isForEditors
                #expect(declared.first { $0.name == variable }?.isSecret == isSecret, "\(setting.key)")
            }
        }
        let values = AuthSettings.table.values(ProjectSettingsValues(values: [:], declared: declared, apiNames: names))
        #expect(values["site_url"] == .text("http://localhost:3000") && values["smtp_port"] == .text("587"))
        #expect(values["jwt_exp"] == .whole(7_200) && values["mailer_autoconfirm"] == .flag(false))
    }
}
