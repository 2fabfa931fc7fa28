import AuthAPI

/// Reads `GOTRUE_EXTERNAL_*`: the providers at which users sign in.
struct ProviderSettingsReader {
    private static let prefix = "GOTRUE_EXTERNAL_"

    private let reader: SettingReader

    init(_ reader: SettingReader) { self.reader = reader }

    func configuration() throws(SettingProblem) -> ExternalConfiguration {
        var made = ExternalConfiguration()
        for name in ExternalConfiguration.providerNames {
            let prefix = Self.prefix + name.uppercased()
            guard try reader.bool(prefix + "_ENABLED") == true else { continue }
            made.providers[name] = try provider(prefix)
        }
        for issuer in reader.list(Self.prefix + "ALLOWED_ID_TOKEN_ISSUERS") ?? [] {
            // Tokens name the issuer as it stands here, with a slash at its end or without.
            _ = try Self.address(issuer, Self.prefix + "ALLOWED_ID_TOKEN_ISSUERS")
            made.allowedIssuers.append(issuer)
        }
        return made
    }

    private func provider(_ prefix: String) throws(SettingProblem) -> ExternalProvider {
        var made = ExternalProvider()
        made.isEnabled = true
        made.clientIDs = ["_CLIENT_ID", "_ADDITIONAL_CLIENT_IDS"].flatMap { reader.list(prefix + $0) ?? [] }
        made.secret = reader.text(prefix + "_SECRET") ?? ""
        made.redirectURI = reader.text(prefix + "_REDIRECT_URI")
        made.url = try address(prefix + "_URL")
        made.apiURL = try address(prefix + "_API_URL")
        made.skipsNonceCheck = try reader.bool(prefix + "_SKIP_NONCE_CHECK") ?? false
        made.isEmailOptional = try reader.bool(prefix + "_EMAIL_OPTIONAL") ?? false
        return made
    }

    private func address(_ name: String) throws(SettingProblem) -> String? {
        guard let text = reader.text(name) else { return nil }
        return try Self.address(text, name)
    }

    /// An absolute address of HTTP, without a slash at its end.
    private static func address(_ text: String, _ name: String) throws(SettingProblem) -> String {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "{") }
        guard isPlain, text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains("@"),
            !text.contains("?"), !text.contains("#")
        else { throw SettingProblem(name, "not an address that begins with https:// or http://") }
        return String(text.reversed().drop { $0 == "/" }.reversed())
    }
}
