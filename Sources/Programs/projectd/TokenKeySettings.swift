import AuthAPI
import DataPlaneCore
import FoundationEssentials

/// The keys of tokens, read again at a signal: `@FILE` in place of keys is the file that has them.
struct TokenKeySettings: Sendable {
    /// Most bytes of a file with keys.
    private static let fileBytesMax = 1 << 20

    let reader: SettingReader
    let services: Set<ServeCommand.Service>

    /// Keys of the AUTH API.
    func signing() throws(SettingProblem) -> SigningKeys {
        guard let secret = reader.text("GOTRUE_JWT_SECRET") else {
            throw SettingProblem("GOTRUE_JWT_SECRET", "not set; give the secret that tokens are signed with")
        }
        let keys = try textOrFile("GOTRUE_JWT_KEYS")
        do throws(SigningKeyError) {
            return try SigningKeys(secret: secret, keyID: reader.text("GOTRUE_JWT_KEY_ID"), keys: keys)
        } catch { throw SettingProblem("GOTRUE_JWT_SECRET or GOTRUE_JWT_KEYS", error.description) }
    }

    /// Keys by which an API checks tokens: those of the first of some settings that is set. Beside the AUTH API it
    /// takes what that one signs, too.
    func checking(_ names: [String] = ["PGRST_JWT_SECRET"]) throws(SettingProblem) -> [TokenVerifier.Key] {
        guard let name = names.first(where: { reader.text($0) != nil }) ?? names.last else { return [] }
        let secret = try textOrFile(name)
        let isBase64 = try reader.bool(name + "_IS_BASE64") ?? false
        let own: [TokenVerifier.Key]
        do throws(TokenKeyError) { own = try TokenVerifier.keys(secret: secret, isBase64: isBase64) } catch {
            throw SettingProblem(name, "\(error)")
        }
        return services.contains(.auth) ? own + (try signing().verifying) : own
    }

    private func textOrFile(_ name: String) throws(SettingProblem) -> String? {
        guard let text = reader.text(name), text.hasPrefix("@") else { return reader.text(name) }
        guard let data = FileManager.default.contents(atPath: String(text.dropFirst())),
            data.count <= Self.fileBytesMax
        else { throw SettingProblem(name, "the file it names cannot be read, or has more than 1 MiB") }
        return String(decoding: data, as: UTF8.self).trimmingBlanks
    }
}
