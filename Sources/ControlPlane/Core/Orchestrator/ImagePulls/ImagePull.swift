/// How far the pull of an image is.
public struct ImagePull: Sendable, Equatable {
    /// The image, as the template names it.
    public var image: String
    /// Layers that are known so far, those included that the engine has already.
    public var layers: Int
    /// Layers that are unpacked.
    public var layersDone: Int
    /// Bytes that were downloaded, compressed as the registry keeps them.
    public var bytes: Int64
    /// Bytes to download in all; nil while the size of a layer is not known.
    public var bytesTotal: Int64?

    /// A pull; one that has only begun when nothing else is given.
    public init(image: String, layers: Int = 0, layersDone: Int = 0, bytes: Int64 = 0, bytesTotal: Int64? = nil) {
        self.image = image
        self.layers = layers
        self.layersDone = layersDone
        self.bytes = bytes
        self.bytesTotal = bytesTotal
    }
}

extension ImagePull: CustomStringConvertible {
    /// For instance `3 of 7 layers, 120.5 of 310.0 MB`.
    public var description: String {
        guard layers > 0 else { return "waiting for the registry" }
        let total = bytesTotal.map { " of \(Self.megabytes($0))" } ?? ""
        return "\(layersDone) of \(layers) layers, \(Self.megabytes(bytes))\(total) MB"
    }

    private static func megabytes(_ bytes: Int64) -> String {
        let tenths = max(0, bytes) / 100_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
