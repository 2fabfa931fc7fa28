import DataPlaneCore
import TokenKit

/// Tokens of providers while they wait in a row: sealed for the row and the purpose.
enum SealedProviderToken {
    static func seal(_ text: String, flow: String, purpose: String, key: KeyBytes) throws(TokenError) -> String {
        Base64.encode(
            try SealedBox.seal(Array(text.utf8), key: key, context: Array("oauth \(purpose)\0\(flow)".utf8)))
    }

    /// The text; nil for what another flow, purpose or key has sealed.
    static func open(_ sealed: String?, flow: String, purpose: String, key: KeyBytes) -> String? {
        guard let bytes = sealed.flatMap({ Base64.decode($0) }),
            let plain = try? SealedBox.open(bytes, key: key, context: Array("oauth \(purpose)\0\(flow)".utf8))
        else { return nil }
        return String(decoding: plain, as: UTF8.self)
    }
}

extension AuthStore.FlowState {
    /// The provider's tokens, opened, as members of the answer.
    func providerTokens(key: KeyBytes) -> [JSONText.Member] {
        let values = [("provider_token", sealedAccess, "access"), ("provider_refresh_token", sealedRefresh, "refresh")]
        return values.compactMap { name, sealed, purpose in
            guard let text = SealedProviderToken.open(sealed, flow: id, purpose: purpose, key: key), !text.isEmpty
            else {
                return nil
            }
            return .init(name, .string(text))
        }
    }
}

extension AuthCall.Grant {
    func response(adding members: [JSONText.Member]) -> ServiceResponse {
        var response = response
        guard !members.isEmpty else { return response }
        response.body = Array(JSONText.object(json.members + members).text.utf8)
        return response
    }
}
