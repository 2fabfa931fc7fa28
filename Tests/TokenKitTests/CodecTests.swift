import Testing
import TokenKit

@Suite("Codecs")
struct CodecTests {
    @Test(
        "Base64 gives the texts of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        let unpadded = text.filter { $0 != "=" }
        #expect(Base64URL.encode(Array(plain.utf8)) == unpadded)
        #expect(Base64URL.decode(unpadded) == Array(plain.utf8))
    }

    @Test("base32 of RFC 4648")
    func base32OfRFC4648() {
        #expect(Base32.encode(Array("foobar".utf8)) == "MZXW6YTBOI")
        #expect(Base32.decode("MZXW6YTBOI======") == Array("foobar".utf8))
        #expect(Base32.decode("m1") == nil)
    }

    @Test("every length and every byte comes back", arguments: 0..<40)
    func roundTrip(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(!Base64URL.encode(bytes).contains { "+/=".contains($0) })
    }

    @Test(
        "Base64 accepts the one canonical text only",
        arguments: [
            "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm-v", "Zm_v", "Zg==Zg==",
        ])
    func strictBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "Base64 for URLs accepts the one canonical text only",
        arguments: ["Z", "Zg==", "Zh", "Zm9", "Zm+v", "Zm/v", "Zmé"])
    func strictBase64URL(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("what is no hexadecimal text is refused", arguments: ["0", "0g", "0x00", " 00", "é0"])
    func strictHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("hexadecimal text may be in either case")
    func hexCase() {
        #expect(Hex.decode("00fFAb") == [0x00, 0xff, 0xab])
    }
}
