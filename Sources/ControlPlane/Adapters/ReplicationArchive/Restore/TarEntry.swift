import BackupModel

/// The header of a file in a tar (POSIX 1003.1, ustar).
enum TarEntry {
    static let blockBytes = 512

    /// - Parameters:
    ///   - name: at most 100 bytes.
    ///   - bytes: less than 8 GiB.
    static func header(name: String, bytes: Int, owner: TarOwner) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(name, at: 0)
        put(octal(0o600, digits: 7), at: 100)
        put(octal(Int(owner.user), digits: 7), at: 108)
        put(octal(Int(owner.group), digits: 7), at: 116)
        put(octal(bytes, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + "\0 ", at: 148)
        return block
    }

    static func padding(after bytes: Int) -> Int { (blockBytes - bytes % blockBytes) % blockBytes }

    /// Two empty blocks.
    static let end = [UInt8](repeating: 0, count: 2 * blockBytes)
}
