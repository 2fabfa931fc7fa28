import FoundationEssentials
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import SettingTables

@Suite("Keys of the Management API as variables of the template")
struct ServiceSettingsTests {
    /// Settings as the Supabase template declares them: every variable of the table, some with a default.
    private func settings(
        _ table: ServiceSettings, _ values: [String: String] = [:], defaults: [String: String] = [:]
    ) -> ProjectSettingsValues {
        ProjectSettingsValues(
            values: values.mapValues { Secret($0) },
            declared: Self.variables(table).map { DeclaredSetting(name: $0, defaultValue: defaults[$0]) },
            apiNames: SampleSettings.all)
    }

    private static func variables(_ table: ServiceSettings) -> [String] {
        table.settings.filter { !$0.isFixed }.map { SampleSettings.variable(of: SettingName(table.area, $0.key)) }
    }

    /// What a change of one key does to its variable, or the refusal.
    private func outcome(_ table: ServiceSettings, key: String, value: SettingValue) -> Result<
        String?, CatalogError
    > {
        do {
            let changes = try table.changes([key: value], present: settings(table))
            guard let change = changes.first?.value, changes.count == 1 else { return .success(nil) }
            return .success(change.reveal())
        } catch { return .failure(error) }
    }

    private func accepts(_ key: String, _ value: SettingValue, as text: String?, in table: ServiceSettings) {
        #expect(outcome(table, key: key, value: value) == .success(text), "\(key) \(value)")
    }

    private func refuses(_ key: String, _ value: SettingValue, in table: ServiceSettings) {
        guard case .failure(.badSetting(let text)) = outcome(table, key: key, value: value) else {
            Issue.record("\(key) \(value) must be refused")
            return
        }
        #expect(text.hasPrefix(key) || text.hasSuffix(": \(key)"), "\(text)")
    }

    @Test("keys and variables are unique, and every value that is in force can be set again")
    func roundTrips() throws {
        for table in [
            AuthSettings.table, StackSettings.rest, StackSettings.storage, StackSettings.realtime,
            StackSettings.pooler, StackSettings.postgres,
        ] {
            #expect(Set(table.settings.map(\.key)).count == table.settings.count)
            let variables = Self.variables(table)
            #expect(Set(variables).count == variables.count)
            let present = settings(table)
            for setting in table.settings where !setting.isSecret {
                let value = table.value(of: setting, present)
                #expect(value == setting.standard)
                let changes = try table.changes([setting.key: value], present: present)
                guard let variable = table.variable(of: setting, present), let text = changes[variable] ?? nil
                else { continue }
                let next = settings(table, [variable: text.reveal()])
                #expect(table.value(of: setting, next) == value, "\(setting.key)")
            }
        }
    }

    @Test("forms and their texts")
    func forms() {
        let auth = AuthSettings.table
        accepts("disable_signup", .flag(true), as: "true", in: auth)
        accepts("disable_signup", .null, as: nil, in: auth)
        accepts("mailer_otp_length", .whole(8), as: "8", in: auth)
        accepts("smtp_max_frequency", .whole(90), as: "90s", in: auth)
        accepts("smtp_port", .text("2525"), as: "2525", in: auth)
        accepts("smtp_port", .whole(25), as: "25", in: auth)
        accepts("sessions_timebox", .whole(24), as: "86400s", in: auth)
        accepts("sessions_timebox", .number(0.5), as: "1800s", in: auth)
        accepts("sessions_timebox", .whole(0), as: nil, in: auth)
        accepts("sms_provider", .text("twilio_verify"), as: "twilio_verify", in: auth)
        accepts("sms_provider", .text(""), as: nil, in: auth)
        accepts("password_required_characters", .text(""), as: "", in: auth)
        accepts("sms_test_otp", .text("4915=123456,1=2"), as: "4915:123456,1:2", in: auth)
        accepts("external_github_secret", .text("hush"), as: "hush", in: auth)
        accepts("db_max_pool_size", .whole(0), as: nil, in: auth)
        accepts("work_mem", .text("16MB"), as: "16MB", in: StackSettings.postgres)
        accepts("statement_timeout", .text("1.5min"), as: "1.5min", in: StackSettings.postgres)
        accepts("statement_timeout", .text("0"), as: "0", in: StackSettings.postgres)
        accepts("max_slot_wal_keep_size", .text("-1"), as: "-1", in: StackSettings.postgres)
        accepts("shared_buffers", .text("128kB"), as: "128kB", in: StackSettings.postgres)
        accepts("hot_standby_feedback", .flag(true), as: "true", in: StackSettings.postgres)
        accepts("db_pool", .whole(0), as: nil, in: StackSettings.rest)
        accepts("db_schema", .text("public, api"), as: "public, api", in: StackSettings.rest)
        accepts("fileSizeLimit", .whole(536_870_912_000), as: "536870912000", in: StackSettings.storage)
    }

    @Test("values over which a service would end at its start are refused by key")
    func refusals() {
        let auth = AuthSettings.table
        refuses("disable_signup", .text("true"), in: auth)
        refuses("disable_signup", .whole(1), in: auth)
        for number in [5, 11, -1] { refuses("mailer_otp_length", .whole(Int64(number)), in: auth) }
        refuses("jwt_exp", .whole(604_801), in: auth)
        refuses("jwt_exp", .number(3_600.5), in: auth)
        for text in ["0", "65536", "x", "-25", "2 5"] { refuses("smtp_port", .text(text), in: auth) }
        for hours in [-1, -0.001, Double.nan, Double.infinity, 1e12] {
            refuses("sessions_timebox", .number(hours), in: auth)
        }
        refuses("sms_provider", .text("pigeon"), in: auth)
        refuses("password_required_characters", .text("abc"), in: auth)
        for text in ["", "a,b"] { refuses("site_url", .text(text), in: auth) }
        for text in ["http://[a", "http://a]", "{a", "a}", "a\\"] { refuses("uri_allow_list", .text(text), in: auth) }
        for text in ["x", "1=", "=1", "1=2=3", "1=2,x", "١=2"] { refuses("sms_test_otp", .text(text), in: auth) }
        for text in ["a@b@c", "@b", "a@", "a b@c", "a@b,c@d"] { refuses("smtp_admin_email", .text(text), in: auth) }
        for text in ["", " ", ","] { refuses("db_schema", .text(text), in: StackSettings.rest) }
        for text in ["", "MB", "16 MB", "16mb", "1.5GB", "--1", "1;drop"] {
            refuses("work_mem", .text(text), in: StackSettings.postgres)
        }
        for text in ["-1", "63", "63kB", "0", "-1MB", "2048GB", "9999999999999999999TB"] {
            refuses("work_mem", .text(text), in: StackSettings.postgres)
        }
        for text in ["99999GB", "-1", "119kB", "2TB"] {
            refuses("shared_buffers", .text(text), in: StackSettings.postgres)
        }
        for text in ["29s", "2d", "0", "1ms"] {
            refuses("checkpoint_timeout", .text(text), in: StackSettings.postgres)
        }
        for text in ["-1", "25d"] { refuses("statement_timeout", .text(text), in: StackSettings.postgres) }
        for text in ["", "ms", "1y", "1.2.3s", "s1"] {
            refuses("statement_timeout", .text(text), in: StackSettings.postgres)
        }
        refuses("max_connections", .whole(1), in: StackSettings.postgres)
        refuses("session_replication_role", .text("none"), in: StackSettings.postgres)
    }

    @Test("hooks, their secrets, times and templates")
    func rules() {
        let good: [(TextRule, [String])] = [
            (
                .hook,
                ["", "pg-functions://postgres/public/my_hook", "https://a.example/x?y", "http://localhost:54321/f"]
            ),
            (
                .hookSecrets,
                [
                    "", "v1,whsec_" + String(repeating: "A", count: 32),
                    "v1,whsec_\(String(repeating: "b", count: 43))=|v1,whsec_\(String(repeating: "C", count: 32))",
                ]
            ),
            (.time, ["2030-01-31T00:00:00Z", "2028-02-29T23:59:59.123+02:00", ""]),
            (.template, ["", "no code", "Code: {{ .Code }}", "{{.Code}} {{- .Token -}}", "single } and { braces"]),
            (.tags, ["", "a_1,b-2 , c"]),
        ]
        let bad: [(TextRule, [String])] = [
            (
                .hook,
                [
                    "x", "ftp://a", "http://a.example", "https://", "pg-functions://postgres/public",
                    "pg-functions://postgres/public/a-b", "pg-functions://postgres//f", "pg-functions://postgres/1/f",
                    "pg-functions://postgres/a/b/c", "https://a b", "javascript:x",
                ]
            ),
            (
                .hookSecrets,
                [
                    "x", "v1,whsec_short", "v1,whsec_\(String(repeating: "A", count: 89))",
                    "v1,whsec_\(String(repeating: "!", count: 32))", "v1a,whpk_x:whsk_y",
                ]
            ),
            (
                .time,
                [
                    "2030", "2030-13-01T00:00:00Z", "2030-02-29T00:00:00Z", "2030-04-31T00:00:00Z",
                    "2030-01-00T00:00:00Z", "2030-01-31T24:00:00Z", "2030-01-31T00:60:00Z", "2030-01-31T00:00:00",
                    "2030-01-31 00:00:00Z", "2030-01-31T00:00:00+2:00", "tomorrow",
                ]
            ),
            (
                .template,
                ["{{", "{{ .Code", "{{ .Code }", "{{ call }}", "{{.}}", "{{}}", "{{ .A.B }}", "{{ .Code }} {{ x }}"]
            ),
            (.tags, ["a;b", "ä"]),
        ]
        for (rule, texts) in good {
            for text in texts { #expect(throws: Never.self, "\(rule) \(text)") { try rule.stored(text) } }
        }
        for (rule, texts) in bad {
            for text in texts { #expect(throws: SettingProblem.self, "\(rule) \(text)") { try rule.stored(text) } }
        }
    }

    @Test("durations that an operator wrote are understood, and what is none is nothing")
    func durations() {
        for (text, seconds) in [("1h30m", 5_400), ("60s", 60), ("1500ms", 2), ("2m", 120)] {
            #expect(SettingForm.seconds(1...10).decode(text) == .whole(Int64(seconds)))
        }
        for text in ["", "60", "h", "1x", "-1s", "1..2s", "99999999999999999999999s", "1h30"] {
            #expect(SettingForm.seconds(1...10).decode(text) == .null, "\(text)")
        }
        #expect(SettingForm.hours.decode("90m") == .number(1.5))
        #expect(SettingForm.hours.decode("8h") == .whole(8))
    }

    @Test("random texts never trip a rule or a form over")
    func randomTexts() {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("{}[]\\.-+:|,=@/% 0129aZ_é\u{0}v1whsec_TZ")
        for _ in 0..<4_000 {
            let text = String(
                (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? "x"
                })
            for rule in TextRule.allCases {
                if let stored = try? rule.stored(text) { #expect(!stored.isEmpty || text.isEmpty) }
            }
            for setting in AuthSettings.table.settings { _ = setting.form.decode(text) }
        }
    }

    @Test("what is not offered can be sent back as it is, and nothing else")
    func unoffered() {
        let auth = AuthSettings.table
        for value: SettingValue in [.flag(false), .null] { accepts("saml_enabled", value, as: nil, in: auth) }
        for value: SettingValue in [.text(""), .null] {
            accepts("mailer_templates_invite_content", value, as: nil, in: auth)
        }
        accepts("db_max_pool_size_unit", .text("connections"), as: nil, in: auth)
        refuses("saml_enabled", .flag(true), in: auth)
        refuses("mailer_templates_invite_content", .text("<h1>"), in: auth)
        refuses("db_max_pool_size_unit", .text("percent"), in: auth)
        refuses("suspend", .flag(true), in: StackSettings.realtime)
        refuses("features.icebergCatalog.enabled", .flag(true), in: StackSettings.storage)
    }

    @Test("all mistakes of a request are named at once, and no secret is")
    func manyMistakes() {
        let error = #expect(throws: CatalogError.self) {
            try AuthSettings.changes(
                [
                    "nonsense": .whole(1), "saml_enabled": .flag(true), "jwt_exp": .whole(-1), "site_url": .text("x"),
                    "hook_send_sms_secrets": .text("hunter2"),
                ], present: settings(AuthSettings.table))
        }
        let text = "\(String(describing: error))"
        for word in ["nonsense", "saml_enabled", "jwt_exp", "hook_send_sms_secrets"] { #expect(text.contains(word)) }
        #expect(!text.contains("hunter2") && !text.contains("site_url"))
    }

    @Test("a variable that a template does not declare is not offered")
    func otherTemplates() {
        let bare = ProjectSettingsValues(
            values: [:], declared: [DeclaredSetting(name: "SITE_URL", defaultValue: "x")],
            apiNames: [SettingName(.auth, "site_url"): "SITE_URL"])
        #expect(throws: CatalogError.badSetting("not supported by the stack of this project: disable_signup")) {
            try AuthSettings.changes(["disable_signup": .flag(true), "site_url": .text("y")], present: bare)
        }
    }

    @Test("combinations over which auth would end at its start are refused, also with what is in force already")
    func combinations() throws {
        let table = AuthSettings.table
        let present = settings(
            table, ["GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS": "true", "GOTRUE_EXTERNAL_X_CLIENT_ID": "id"],
            defaults: ["ENABLE_EMAIL_AUTOCONFIRM": "false"])
        for (wanted, word) in [
            (["mailer_autoconfirm": SettingValue.flag(true)], "exclude"),
            (["security_captcha_enabled": .flag(true)], "security_captcha_secret"),
            (["hook_send_sms_enabled": .flag(true)], "hook_send_sms_uri"),
            (["external_x_enabled": .flag(true)], "external_x_secret"),
            (
                ["external_github_enabled": .flag(true), "external_github_secret": .text("s")],
                "external_github_client_id"
            ),
        ] {
            let error = #expect(throws: CatalogError.self) { try AuthSettings.changes(wanted, present: present) }
            #expect("\(String(describing: error))".contains(word))
        }
        let good = try AuthSettings.changes(
            [
                "mailer_autoconfirm": .flag(true), "mailer_allow_unverified_email_sign_ins": .null,
                "external_x_enabled": .flag(true), "external_x_secret": .text("s"),
            ], present: present)
        #expect(good.count == 4)
    }

    @Test("secrets are never shown, whether they are set or not")
    func secrets() {
        let table = AuthSettings.table
        let all = Dictionary(uniqueKeysWithValues: Self.variables(table).map { ($0, "hunter2") })
        let values = table.values(settings(table, all))
        for setting in table.settings where setting.isSecret { #expect(values[setting.key] == .null) }
        #expect(table.settings.filter(\.isSecret).count == 35)
        #expect(values["external_github_client_id"] == .text("hunter2"))
    }
}

/// The Management API's own description, where it is available.
private enum Contract {
    static let path =
        #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined() + "/shared/data/management-openapi.json"
    static var exists: Bool { FileManager.default.fileExists(atPath: path) }

    struct Document: Decodable {
        let components: Components
    }
    struct Components: Decodable {
        let schemas: [String: Schema]
    }
    struct Schema: Decodable {
        let required: [String]?
        let properties: [String: Property]?
    }
    struct Property: Decodable {
        let type: String?
        let nullable: Bool?
        let `enum`: [String]?
    }

    static func schema(_ name: String) throws -> Schema {
        let data = try #require(FileManager.default.contents(atPath: path))
        return try #require(try JSONDecoder().decode(Document.self, from: data).components.schemas[name])
    }
}

@Suite("The table of auth against the Management API", .enabled(if: Contract.exists))
struct AuthContractTests {
    @Test("the table has exactly the keys of the contract, in the contract's types")
    func keys() throws {
        let schema = try Contract.schema("AuthConfigResponse")
        let table = AuthSettings.table
        #expect(schema.required?.count == 237)
        #expect(Set(table.settings.map(\.key)) == Set(schema.required ?? []))
        let values = table.values(ProjectSettingsValues(values: [:], declared: [], apiNames: [:]))
        for setting in table.settings {
            let property = try #require(schema.properties?[setting.key])
            let value = try #require(values[setting.key])
            switch value {
            // What the template declares with a default is never null.
            case .null: #expect(property.nullable == true || !setting.isFixed, "\(setting.key)")
            case .flag: #expect(property.type == "boolean", "\(setting.key)")
            case .whole: #expect(property.type == "integer" || property.type == "number", "\(setting.key)")
            case .number: #expect(property.type == "number", "\(setting.key)")
            case .text: #expect(property.type == "string", "\(setting.key)")
            }
            if case .oneOf(let words) = setting.form {
                #expect(Set(words) == Set(property.enum ?? []), "\(setting.key)")
            }
            if case .flag = setting.form { #expect(property.type == "boolean", "\(setting.key)") }
        }
    }
}
