import COpenSSL

/// Key material in memory of its own, which is overwritten before it is given back.
///
/// It cannot be copied by accident, compares in constant time and prints `<key>`.
///
/// `@unchecked Sendable`: the memory is written in `init` only and never changes afterwards.
public final class KeyBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Takes a copy of the bytes. The caller's own array stays as it is.
    public convenience init(_ bytes: [UInt8]) {
        self.init(count: bytes.count)
        memory.copyBytes(from: bytes)
    }

    private init(count: Int) {
        memory = .allocate(byteCount: count, alignment: 16)
    }

    deinit {
        OPENSSL_cleanse(memory.baseAddress, memory.count)
        memory.deallocate()
    }

    /// New random key material of `count` bytes from libcrypto's private generator.
    public static func random(count: Int) throws(TokenError) -> KeyBytes {
        guard (1...RandomSource.maximumBytes).contains(count) else {
            throw .invalidArgument(reason: "a key has 1 to \(RandomSource.maximumBytes) bytes")
        }
        let key = KeyBytes(count: count)
        let target = key.memory.bindMemory(to: UInt8.self).baseAddress
        guard RAND_priv_bytes(target, Int32(count)) == 1 else { throw .crypto("RAND_priv_bytes") }
        return key
    }

    /// Number of bytes.
    public var count: Int { memory.count }

    /// A copy of the key material, for the few places that hand it on. It is not overwritten later.
    public func reveal() -> [UInt8] { Array(memory) }

    /// Runs `body` with the key material, which is valid only inside it.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>?) -> Result) -> Result {
        body(UnsafeRawBufferPointer(memory).bindMemory(to: UInt8.self).baseAddress)
    }
}

extension KeyBytes: Equatable {
    /// Whether two keys are equal, in a time that depends on their lengths only.
    public static func == (left: KeyBytes, right: KeyBytes) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left.memory.baseAddress, right.memory.baseAddress, left.count) == 0
    }
}

extension KeyBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<key>`.
    public var description: String { "<key>" }

    /// Always `<key>`.
    public var debugDescription: String { "<key>" }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
