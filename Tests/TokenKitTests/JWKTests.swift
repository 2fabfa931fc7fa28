import FoundationEssentials
import Testing

@testable import TokenKit

@Suite("P-256 keys and JSON Web Keys")
struct JWKTests {
    private static let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

    private func number(_ hex: String) throws -> KeyBytes { KeyBytes(try #require(Hex.decode(hex))) }

    @Test("a key survives its bytes, and every new key is another")
    func exportAndImport() throws {
        let key = try ES256PrivateKey.generate()
        let again = try ES256PrivateKey(raw: KeyBytes(key.raw.reveal()))
        #expect(again.publicKey == key.publicKey && again.raw == key.raw)
        #expect(key.raw.count == ES256PrivateKey.byteCount)
        #expect(try ES256PrivateKey.generate().publicKey != key.publicKey)
        #expect("\(key)" == "ES256PrivateKey(\(key.publicKey.thumbprint))")
        #expect(!String(reflecting: key).contains(Hex.encode(key.raw.reveal())))
    }

    @Test("a private key is a number from 1 to the order less one, in 32 bytes")
    func range() throws {
        let one = try ES256PrivateKey(raw: number(String(repeating: "0", count: 63) + "1"))
        // The generator of the curve (SP 800-186 §3.2.1.3).
        #expect(
            Hex.encode(one.publicKey.x963)
                == "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                + "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
        _ = try ES256PrivateKey(raw: number(String(Self.order.dropLast()) + "0"))
        let bad = [
            Self.order, String(Self.order.dropLast()) + "2", String(repeating: "0", count: 64),
            String(repeating: "f", count: 64), "01", String(repeating: "0", count: 65) + "1", "",
        ]
        for hex in bad {
            let reason = "a P-256 private key is 32 bytes below the curve's order"
            #expect(throws: TokenError.invalidArgument(reason: reason), "\(hex)") {
                try ES256PrivateKey(raw: number(hex))
            }
        }
    }

    @Test("a public key is an uncompressed point of the curve")
    func points() throws {
        let point = try ES256PrivateKey.generate().publicKey.x963
        #expect(try ES256PublicKey(x963: point).x963 == point)
        var off = point
        off[64] ^= 1
        var hybrid = point
        hybrid[0] = 6 | point[64] & 1
        let compressed = [2 | point[64] & 1] + point[1...32]
        let bad: [[UInt8]] = [
            off, hybrid, compressed, [], [0], [4], Array(point.dropLast()), point + [0],
            [4] + [UInt8](repeating: 0, count: 64), [4] + [UInt8](repeating: 255, count: 64),
        ]
        for bytes in bad {
            #expect(throws: TokenError.self) { try ES256PublicKey(x963: bytes) }
        }
    }

    @Test("the set is what RFC 7517 describes, and gives the same keys back")
    func set() throws {
        let key = try ES256PrivateKey.generate().publicKey
        let json = try JWKSet([key]).json()
        let jwk = key.jwk
        #expect(
            json == #"{"keys":[{"alg":"ES256","crv":"P-256","kid":"\#(jwk.kid)","kty":"EC","use":"sig","#
                + #""x":"\#(jwk.x)","y":"\#(jwk.y)"}]}"#)
        let decoded = try JSONDecoder().decode(JWKSet.self, from: Data(json.utf8))
        #expect(try decoded.keys.map { try $0.publicKey() } == [key])
        let other = try ES256PrivateKey.generate().publicKey.jwk
        for (old, new) in [("P-256", "P-384"), ("\"EC", "\"RSA"), (jwk.kid, other.kid), (jwk.x, other.x)] {
            let changed = json.replacing(old, with: new)
            let set = try JSONDecoder().decode(JWKSet.self, from: Data(changed.utf8))
            #expect(throws: TokenError.self) { try set.keys[0].publicKey() }
        }
    }

    /// RFC 7638 has an RSA example only; the expected text was computed by another program from the curve's generator.
    @Test("the thumbprint is that of RFC 7638: the hash of the required members in their order")
    func thumbprint() throws {
        let jwk = try ES256PrivateKey(raw: number(String(repeating: "0", count: 63) + "1")).publicKey.jwk
        let members = #"{"crv":"P-256","kty":"EC","x":"\#(jwk.x)","y":"\#(jwk.y)"}"#
        #expect(jwk.kid == Base64URL.encode(try Digest.sha256(Array(members.utf8))))
        #expect(jwk.kid == "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M")
        #expect(jwk.kid.utf8.count == 43)
    }
}
