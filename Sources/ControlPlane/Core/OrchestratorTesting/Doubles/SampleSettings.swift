import Orchestrator
public import ProjectModel
public import SettingTables

/// Variables of templates for tests that carry the API's settings.
public enum SampleSettings {
    /// All tables of the API's settings.
    public static let tables: [ServiceSettings] = SettingName.Area.allCases.map { ServiceSettings.table(of: $0) }

    /// All settings that a stack can carry, with their variables.
    public static let all: [SettingName: String] = {
        var names: [SettingName: String] = [:]
        for table in tables {
            for setting in table.settings where !setting.isFixed {
                let name = SettingName(table.area, setting.key)
                names[name] = variable(of: name)
            }
        }
        return names
    }()

    /// The variable of a setting.
    public static func variable(of name: SettingName) -> String {
        if let known = names[name.description] { return known }
        let key = name.key.replacing(".", with: "_").uppercased()
        return (prefixes[name.area] ?? "") + key
    }

    private static let prefixes: [SettingName.Area: String] = [
        .auth: "GOTRUE_", .rest: "PGRST_", .storage: "STORAGE_", .realtime: "TENANT_", .pooler: "POOLER_",
        .database: "POSTGRES_",
    ]

    private static let names = [
        "auth.site_url": "SITE_URL", "auth.uri_allow_list": "ADDITIONAL_REDIRECT_URLS",
        "auth.disable_signup": "DISABLE_SIGNUP", "auth.jwt_exp": "JWT_EXPIRY", "auth.smtp_pass": "SMTP_PASS",
        "auth.mailer_autoconfirm": "ENABLE_EMAIL_AUTOCONFIRM", "rest.db_schema": "PGRST_DB_SCHEMAS",
        "rest.db_extra_search_path": "PGRST_DB_EXTRA_SEARCH_PATH", "rest.max_rows": "PGRST_DB_MAX_ROWS",
        "storage.fileSizeLimit": "FILE_SIZE_LIMIT",
    ]
}
