import Testing

@testable import TokenKit

@Suite("Sealed boxes")
struct SealedBoxTests {
    private let key = KeyBytes(Array(0..<32))
    private let context = Array("project abc, secret x".utf8)

    private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }

    /// Test case 16 of the GCM specification (McGrew and Viega), which NIST's SP 800-38D refers to.
    @Test("AES-256-GCM gives the cipher text and the tag of the specification")
    func vector() throws {
        let key = KeyBytes(try bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
        let nonce = try bytes("cafebabefacedbaddecaf888")
        let plain = try bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39")
        let cipher = try Cipher(key: key, nonce: nonce, isSealing: true)
        try cipher.authenticate(try bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        let text = try cipher.process(plain)
        #expect(
            Hex.encode(text) == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662")
        #expect(Hex.encode(try cipher.tag(byteCount: 16)) == "76fc6ece0f4e1768cddf8853bb2d551b")
    }

    @Test("what was sealed opens again", arguments: [0, 1, 15, 16, 17, 1_000, 100_000])
    func roundTrip(count: Int) throws {
        let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let sealed = try SealedBox.seal(plain, key: key, context: context)
        #expect(sealed.count == count + SealedBox.overheadByteCount)
        #expect(try SealedBox.open(sealed, key: key, context: context) == plain)
    }

    @Test("the same text is never sealed the same way twice")
    func freshNonces() throws {
        let boxes = try (0..<500).map { _ in try SealedBox.seal([1, 2, 3], key: key, context: context) }
        #expect(Set(boxes.map { Array($0[1...12]) }).count == boxes.count)
    }

    @Test("a change of any bit of any byte is noticed")
    func tampering() throws {
        let sealed = try SealedBox.seal(Array("a secret".utf8), key: key, context: context)
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << bit
                #expect(throws: index == 0 ? TokenError.unknownFormat : .notAuthentic) {
                    try SealedBox.open(changed, key: key, context: context)
                }
            }
        }
    }

    @Test("nothing that was cut off or extended opens")
    func wrongLengths() throws {
        let sealed = try SealedBox.seal(Array("a secret".utf8), key: key, context: context)
        for count in 0..<sealed.count {
            #expect(throws: TokenError.self) {
                try SealedBox.open(Array(sealed.prefix(count)), key: key, context: context)
            }
        }
        #expect(throws: TokenError.notAuthentic) { try SealedBox.open(sealed + [0], key: key, context: context) }
    }

    @Test("another context or another key does not open it")
    func wrongContextOrKey() throws {
        let sealed = try SealedBox.seal([1], key: key, context: context)
        for other in [[], Array(context.dropLast()), context + [0]] {
            #expect(throws: TokenError.notAuthentic) { try SealedBox.open(sealed, key: key, context: other) }
        }
        let other = KeyBytes(Array(1...32))
        #expect(throws: TokenError.notAuthentic) { try SealedBox.open(sealed, key: other, context: context) }
    }

    @Test("a key of another length is refused", arguments: [0, 16, 31, 33])
    func keyLength(count: Int) {
        let key = KeyBytes([UInt8](repeating: 1, count: count))
        #expect(throws: TokenError.self) { try SealedBox.seal([1], key: key, context: context) }
    }

    @Test("key material is never printed, and compares by value")
    func keyBytes() {
        let key = KeyBytes(Array("topsecret".utf8))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\([key])", dumped] {
            #expect(!text.contains("topsecret") && !text.contains("116"), "\(text)")
        }
        #expect(key == KeyBytes(Array("topsecret".utf8)))
        #expect(key != KeyBytes(Array("topsecreT".utf8)))
        #expect(key != KeyBytes(Array("topsecre".utf8)))
        #expect(key.reveal() == Array("topsecret".utf8))
    }
}
