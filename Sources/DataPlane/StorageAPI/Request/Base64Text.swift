import TokenKit

/// Base64 of texts.
enum Base64Text {
    static func encode(_ text: String) -> String { Base64.encode(Array(text.utf8)) }

    /// The bytes of base64 with or without its padding, in either alphabet.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let bare = String(text.prefix { $0 != "=" })
        return Base64URL.decode(bare)
            ?? Base64.decode(bare + String(repeating: "=", count: (4 - bare.utf8.count % 4) % 4))
    }

    /// The text of base64.
    static func text(_ text: some StringProtocol) -> String? {
        decode(text).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
