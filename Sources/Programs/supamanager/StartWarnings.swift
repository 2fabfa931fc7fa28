/// Warnings about the manager's start: each a sentence with what to do.
enum StartWarnings {
    /// Options that hold secrets. Arguments of processes are visible to all users of the machine.
    private static let secretOptions = ["SUPAMANAGER_ADMIN_TOKEN": "--admin-token"]

    /// - Parameters:
    ///   - options: given on the command line, by the names of their variables.
    ///   - listenHost: where the API listens.
    static func all(options: [String: String], listenHost: String) -> [String] {
        var warnings = secretOptions.filter { options[$0.key] != nil }.map { variable, option in
            "\(option) shows the secret to all users of this machine: give it as \(variable) instead, and make a new one"
        }
        if let url = options["SUPAMANAGER_DATABASE_URL"], holdsPassword(url) {
            warnings.append(
                "--database-url shows the database's password to all users of this machine: give it as "
                    + "SUPAMANAGER_DATABASE_URL instead, and change the password")
        }
        if !isLoopback(listenHost) {
            warnings.append(
                "the API listens on \(listenHost) without TLS: put a proxy with TLS in front of it, or listen on "
                    + "127.0.0.1")
        }
        return warnings
    }

    private static func holdsPassword(_ url: String) -> Bool {
        guard let start = url.firstRange(of: "://")?.upperBound else { return url.contains("password=") }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" }
        let login = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
        return login.contains(":") || url.contains("password=")
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
