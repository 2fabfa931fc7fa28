/// Which driver options a named volume may have: whole combinations, since the meaning of one option depends on the
/// others (`o: bind` makes a path of the host out of `device`, regardless of `type`).
enum VolumeDriverOptions {
    /// Why options are refused, and at which key.
    struct Refusal: Sendable, Hashable {
        /// The option; nil where it concerns all of them.
        let key: String?
        let reason: String
    }

    /// Nil for no options at all, and for a file system in memory: `type: tmpfs`, `device: tmpfs`, and `o` with only
    /// `size=`, `mode=`, `uid=` and `gid=`.
    static func refusal(of options: [String: String]) -> Refusal? {
        guard !options.isEmpty else { return nil }
        if let key = options.keys.sorted().first(where: { !["type", "device", "o"].contains($0) }) {
            return Refusal(key: key, reason: "not supported; \(allowed)")
        }
        guard let type = options["type"], type == "tmpfs" else {
            return Refusal(
                key: options["type"] == nil ? nil : "type",
                reason: "the volume would be a path, a device or a server of the host's network; \(allowed)")
        }
        guard options["device"] == "tmpfs" else {
            return Refusal(
                key: options["device"] == nil ? nil : "device",
                reason: "the device of a tmpfs is called tmpfs; anything else could be a path of the host")
        }
        for option in (options["o"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        where options["o"] != nil && !isHarmless(option) {
            return Refusal(
                key: "o", reason: "\"\(option)\" is not one of size=, mode=, uid= and gid= with a plain number")
        }
        return nil
    }

    private static let allowed = "leave driver_opts out, or use type: tmpfs, device: tmpfs, and o"

    private static func isHarmless(_ option: Substring) -> Bool {
        let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2 else { return false }
        switch pair[0] {
        case "size":
            // The kernel accepts one letter, not "mb".
            let digits = pair[1].last.map { "kmg".contains($0) } == true ? pair[1].dropLast() : pair[1]
            guard let bytes = ByteCount.parse(String(pair[1])) else { return false }
            return isNumber(digits) && ServiceLimits.memoryBytes.contains(bytes)
        case "mode": return Int(pair[1], radix: 8).map { (0...0o7777).contains($0) } == true && isNumber(pair[1])
        case "uid", "gid": return isNumber(pair[1]) && UInt32(pair[1]) != nil
        default: return false
        }
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
