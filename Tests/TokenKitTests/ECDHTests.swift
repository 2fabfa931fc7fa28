import Testing

@testable import TokenKit

@Suite("Encryption for a P-256 key")
struct ECDHTests {
    private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }

    /// Both sides of the agreement in RFC 5903 §8.1.
    @Test("two sides agree on the secret of RFC 5903")
    func rfcVector() throws {
        let ours = try ES256PrivateKey(
            raw: KeyBytes(bytes("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")))
        let theirs = try ES256PrivateKey(
            raw: KeyBytes(bytes("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53")))
        #expect(
            Hex.encode(ours.publicKey.x963)
                == "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
                + "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3")
        let secret = try ECDH.sharedSecret(of: ours, and: theirs.publicKey)
        #expect(Hex.encode(secret.reveal()) == "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de")
        #expect(try ECDH.sharedSecret(of: theirs, and: ours.publicKey) == secret)
    }

    @Test("the holder of the key reads the message, in the form the client expects")
    func message() throws {
        let client = try ES256PrivateKey.generate()
        let plain = Array("sbp_0123456789".utf8)
        let message = try ECDH.encrypt(plain, for: Hex.encode(client.publicKey.x963))
        #expect(try ECDH.decrypt(message, with: client) == plain)
        #expect(try bytes(message.publicKey).count == 65 && bytes(message.nonce).count == 12)
        #expect(try bytes(message.cipherText).count == plain.count + 16)

        // What the client does, step by step: the x coordinate is the key, and there is no additional data.
        let sender = try ES256PublicKey(x963: bytes(message.publicKey))
        let key = try ECDH.sharedSecret(of: client, and: sender)
        let cipher = try Cipher(key: key, nonce: bytes(message.nonce), isSealing: false)
        let opened = try cipher.process(Array(bytes(message.cipherText).dropLast(16)))
        #expect(opened == plain)
        var tag = Array(try bytes(message.cipherText).suffix(16))
        let isAuthentic = cipher.finish(expecting: &tag)
        #expect(isAuthentic)
    }

    @Test("no two messages share a key pair or a nonce")
    func fresh() throws {
        let client = Hex.encode(try ES256PrivateKey.generate().publicKey.x963)
        let messages = try (0..<20).map { _ in try ECDH.encrypt([1], for: client) }
        #expect(Set(messages.map(\.publicKey)).count == 20 && Set(messages.map(\.nonce)).count == 20)
    }

    @Test("another key, or a change of any part, opens nothing")
    func tampering() throws {
        let client = try ES256PrivateKey.generate()
        let message = try ECDH.encrypt(Array("secret".utf8), for: Hex.encode(client.publicKey.x963))
        #expect(throws: TokenError.notAuthentic) {
            try ECDH.decrypt(message, with: ES256PrivateKey.generate())
        }
        for index in message.cipherText.indices {
            var text = message.cipherText
            let next = text.index(after: index)
            text.replaceSubrange(index..<next, with: text[index] == "0" ? "1" : "0")
            let changed = ECDH.Message(publicKey: message.publicKey, nonce: message.nonce, cipherText: text)
            #expect(throws: TokenError.notAuthentic) { try ECDH.decrypt(changed, with: client) }
        }
        for (nonce, text) in [
            ("", message.cipherText), (message.nonce + "00", message.cipherText), (message.nonce, "00"),
        ] {
            let changed = ECDH.Message(publicKey: message.publicKey, nonce: nonce, cipherText: text)
            #expect(throws: TokenError.unknownFormat) { try ECDH.decrypt(changed, with: client) }
        }
    }

    @Test("what is no point of the curve is refused, and so is a long message")
    func limits() throws {
        let point = Hex.encode(try ES256PrivateKey.generate().publicKey.x963)
        let last = point.hasSuffix("0") ? "1" : "0"
        for text in [
            "", "04", "zz", String(point.dropLast()) + last, point + "00", "04" + String(repeating: "0", count: 128),
        ] {
            #expect(throws: TokenError.self, "\(text)") { try ECDH.encrypt([1], for: text) }
        }
        _ = try ECDH.encrypt([UInt8](repeating: 1, count: ECDH.maximumMessageBytes), for: point.uppercased())
        #expect(throws: TokenError.self) {
            try ECDH.encrypt([UInt8](repeating: 1, count: ECDH.maximumMessageBytes + 1), for: point)
        }
    }
}
