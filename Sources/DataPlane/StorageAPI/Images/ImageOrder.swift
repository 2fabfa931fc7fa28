/// What is made of an image, worked out: no more to decide, and equal orders make equal images.
public struct ImageOrder: Sendable, Hashable {
    /// Which way sides may change.
    public enum Scaling: String, Sendable, Hashable, CaseIterable {
        /// Smaller and larger.
        case both
        /// Smaller alone.
        case down
        /// To the very size.
        case force
    }

    /// Pixels that the image has at most, or has where it is forced.
    public var width: Int
    /// Pixels that the image has at most, or has where it is forced.
    public var height: Int
    /// Which way they change.
    public var scaling: Scaling
    /// Whether both are filled, and what stands over is cut off.
    public var crops: Bool
    /// What is made.
    public var format: ImageFormat
    /// From 1 to 100; nothing to say for formats without losses.
    public var quality: Int

    /// A side that bounds nothing.
    public static let sideMax = 10_000_000
    /// The quality unless another is asked for.
    static let standardQuality = 80
    /// The same of AVIF, in whose scale it looks alike.
    static let standardQualityOfAVIF = 60

    /// Works out what was asked for. Nothing is enlarged but by `fill`.
    init(_ asked: ImageTransformation, format: ImageFormat) {
        let isWhole = asked.width != nil && asked.height != nil
        width = asked.width ?? Self.sideMax
        height = asked.height ?? Self.sideMax
        crops = isWhole && asked.resize == .cover
        switch (asked.resize, isWhole, asked.width ?? asked.height) {
        case (.fill, true, _): scaling = .force
        case (.fill, false, .some): scaling = .both
        default: scaling = .down
        }
        self.format = format
        quality = asked.quality ?? (format == .avif ? Self.standardQualityOfAVIF : Self.standardQuality)
    }

    /// Letters, digits, `-` alone: fit for the name of a file.
    public var name: String {
        "\(width)x\(height)-\(scaling.rawValue)\(crops ? "-crop" : "")-q\(quality)-\(format.rawValue)"
    }
}
