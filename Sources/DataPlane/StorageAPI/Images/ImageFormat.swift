import DataPlaneCore

/// A format that images are read and made in. There are no others: what a file is, its first bytes say, never its type.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
    case jpeg, png, webp, gif, avif

    /// Bytes from the beginning of a file that tell.
    static let headBytes = 64

    /// What a file that begins like this is; nil for none of the formats.
    init?(head: [UInt8]) {
        func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: bytes) }
        if begins([0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if begins([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = .png
        } else if begins(Array("GIF87a".utf8)) || begins(Array("GIF89a".utf8)) {
            self = .gif
        } else if begins(Array("RIFF".utf8)), begins(Array("WEBP".utf8), at: 8) {
            self = .webp
        } else if begins(Array("ftyp".utf8), at: 4), Self.brands(head).contains(where: { $0 == "avif" || $0 == "avis" })
        {
            self = .avif
        } else {
            return nil
        }
    }

    /// The brands of the first box of a file, as far as they are in its first bytes.
    private static func brands(_ head: [UInt8]) -> [String] {
        let length = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let box = head.prefix(min(length, head.count))
        return stride(from: 8, to: box.count - 3, by: 4).filter { $0 != 12 }.map { start in
            String(decoding: box[start..<start + 4], as: UTF8.self)
        }
    }

    /// The type of an answer.
    public var mediaType: String { "image/" + rawValue }

    /// The format of an answer.
    ///
    /// - Parameters:
    ///   - source: the format of the image.
    ///   - accept: what the client takes.
    ///   - takesAVIF: whether the bucket lets AVIF be chosen; making it takes long.
    init(asked: ImageTransformation.Format?, source: ImageFormat, accept: String?, takesAVIF: Bool) {
        switch asked {
        case .origin?: self = source
        case .webp?: self = .webp
        case .avif?: self = .avif
        case nil:
            let types = Self.types(accept ?? "")
            self = takesAVIF && types.contains("image/avif") ? .avif : types.contains("image/webp") ? .webp : source
        }
    }

    /// Whether a client names a format among those that it takes.
    static func isAccepted(_ format: ImageFormat, by accept: String?) -> Bool {
        types(accept ?? "").contains(format.mediaType)
    }

    private static func types(_ accept: String) -> [String] {
        accept.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: ";").map { $0.trimmed.lowercased() }
            let isRefused = parts.dropFirst().contains { Double($0.dropFirst(2)) == 0 && $0.hasPrefix("q=") }
            return isRefused ? nil : parts.first
        }
    }
}
