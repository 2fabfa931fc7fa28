import StorageAPI

/// What transforming images may take, and where it happens.
struct ImageSettings: Sendable {
    /// The path of libvips.
    var library: String
    /// Where images are made and kept. What is there at the start is removed.
    var folder: String
    /// `PROJECTD_IMAGE_CACHE_BYTES_MAX`: of all images that are kept.
    var cacheBytesMax = 64 << 20
    /// `PROJECTD_IMAGE_MEMORY_MIB`: memory of a process, of which there is one at a time.
    var memoryMiB = 128
    /// `PROJECTD_IMAGE_SECONDS`: the longest time for one image.
    var secondsMax = 10
    /// Bytes of a source.
    var sourceBytesMax = 25 << 20
    /// Bytes of a result.
    var resultBytesMax = 16 << 20
    /// Pixels of a source.
    var sourcePixelsMax = 50_000_000
    /// Pixels of a result in AVIF, which takes long to make.
    var pixelsMaxOfAVIF = 4_000_000
    /// Images that wait for the one that is made.
    var waitingMax = 16
    /// Longest time that one waits.
    var waitMax: Duration = .seconds(15)

    static let standardLibrary = "/usr/local/lib/libvips.so.42"

    /// Pixels that a result may have.
    func resultPixelsMax(_ format: ImageFormat) -> Int { format == .avif ? pixelsMaxOfAVIF : sourcePixelsMax }

    /// The settings; nil where images are off, which they are where the library is not there and nothing asks for it.
    init?(_ reader: SettingReader, folder: String, libraryExists: (String) -> Bool) throws(SettingProblem) {
        let names = ["IMAGE_TRANSFORMATION_ENABLED", "ENABLE_IMAGE_TRANSFORMATION"]
        let isAsked = try names.first { reader.text($0) != nil }.map { name throws(SettingProblem) in
            try reader.bool(name)
        }
        library = reader.text("PROJECTD_IMAGE_LIBRARY") ?? Self.standardLibrary
        self.folder = folder + "/images"
        guard isAsked != .some(false) else { return nil }
        guard libraryExists(library) else {
            guard isAsked == .some(true) else { return nil }
            throw SettingProblem("PROJECTD_IMAGE_LIBRARY", "\(library) is not there; images need libvips")
        }
        cacheBytesMax = try reader.int("PROJECTD_IMAGE_CACHE_BYTES_MAX", 0...(1 << 40)) ?? cacheBytesMax
        memoryMiB = try reader.int("PROJECTD_IMAGE_MEMORY_MIB", 64...4_096) ?? memoryMiB
        secondsMax = try reader.int("PROJECTD_IMAGE_SECONDS", 1...60) ?? secondsMax
    }
}
