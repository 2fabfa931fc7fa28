import DataPlaneCore

/// Settings of a request's transaction, in one statement.
struct SessionSQL {
    let configuration: RestConfiguration
    let request: RestRequest
    let role: String
    let claims: JSONText
    let cache: SchemaCache
    let routine: Routine?
    let searchPath: String

    /// `SELECT set_config(…), …`: names are parameters too, so that the text depends on their number only.
    func statement() -> SQLStatement {
        let settings = self.settings
        var parameters: [String?] = []
        parameters.reserveCapacity(2 * settings.count)
        for setting in settings {
            parameters.append(setting.name)
            parameters.append(setting.value)
        }
        let texts = Self.texts
        let text = settings.count < texts.count ? texts[settings.count] : Self.text(of: settings.count)
        return SQLStatement(text: text, parameters: parameters)
    }

    /// The texts of as many settings as requests have for the most part.
    private static let texts = (0...32).map(text(of:))

    private static func text(of count: Int) -> String {
        "SELECT " + (0..<count).map { "set_config($\(2 * $0 + 1), $\(2 * $0 + 2), true)" }.joined(separator: ", ")
    }

    /// Settings of the role come before the role, while the login role may still set them.
    private var settings: [(name: String, value: String)] {
        var settings: [(name: String, value: String)] = [("search_path", searchPath)]
        settings += (cache.roleSettings[role] ?? []).map { ($0.name, $0.value) }
        settings.append(("role", role))
        settings.append(("request.jwt.claims", claims.text))
        settings.append(("request.method", request.http.method))
        settings.append(("request.path", request.http.path))
        settings.append(("request.headers", headers))
        settings.append(("request.cookies", cookies))
        if let zone = request.preferences.timeZone { settings.append(("timezone", zone)) }
        let isolation = "default_transaction_isolation"
        settings += (routine?.settings ?? []).filter { $0.name != isolation }.map { ($0.name, $0.value) }
        settings += configuration.appSettings.map { ("app.settings.\($0.name)", $0.value) }
        return settings
    }

    /// The schema first, and then those of the configuration.
    static func searchPath(_ schema: String, _ configuration: RestConfiguration) -> String {
        ([schema] + configuration.extraSearchPath.filter { $0 != schema })
            .map(SQLText.identifier).joined(separator: ", ")
    }

    private var headers: String {
        JSONText.object(
            request.http.headers.filter { $0.name != "cookie" }.map { .init($0.name, .string($0.value)) }
        ).text
    }

    private var cookies: String {
        let pairs = request.http.headers("cookie").flatMap { $0.split(separator: ";") }.compactMap { pair in
            pair.firstIndex(of: "=").map { equals in
                JSONText.Member(
                    String(pair[..<equals]).trimmingBlanks, .string(String(pair[pair.index(after: equals)...])))
            }
        }
        return JSONText.object(pairs).text
    }

    /// How the transaction begins.
    func begin(isReadOnly: Bool) -> String {
        let own = routine?.settings.first { $0.name == "default_transaction_isolation" }?.value
        let isolation: String =
            switch (own ?? cache.roleIsolation[role])?.lowercased() {
            case "serializable": "SERIALIZABLE"
            case "repeatable read": "REPEATABLE READ"
            default: "READ COMMITTED"
            }
        return "BEGIN ISOLATION LEVEL \(isolation) \(isReadOnly ? "READ ONLY" : "READ WRITE")"
    }

    /// `SELECT function()` for a function named in the configuration.
    static func call(configured name: String) -> String {
        let parts = name.split(separator: ".", maxSplits: 1).map { SQLText.identifier(String($0)) }
        return "SELECT \(parts.joined(separator: "."))()"
    }
}
