import CZlib

/// Whole byte strings in the format of gzip (RFC 1952).
public enum Gzip {
    /// How much work is spent on a smaller output.
    public enum Effort: Int32, Sendable {
        case fastest = 1
        case most = 9
    }

    /// Compresses.
    public static func compress(
        _ bytes: [UInt8], effort: Effort = .fastest
    ) throws(DeflateError) -> [UInt8] {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        guard supamanager_deflate_begin(stream, effort.rawValue) == Z_OK else { throw .noMemory }
        defer { deflateEnd(stream) }
        let capacity = Int(deflateBound(stream, UInt(bytes.count)))
        var (input, status) = (bytes, Z_OK)
        let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
            input.withUnsafeMutableBufferPointer { source in
                stream.pointee.next_in = source.baseAddress
                stream.pointee.avail_in = UInt32(source.count)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(capacity)
                status = deflate(stream, Z_FINISH)
                filled = capacity - Int(stream.pointee.avail_out)
            }
        }
        guard status == Z_STREAM_END else { throw .noMemory }
        return output
    }

    /// Decompresses what has at most `limitBytes` bytes.
    public static func decompress(_ bytes: [UInt8], limitBytes: Int) throws(DeflateError) -> [UInt8] {
        let gunzip = try Gunzip()
        gunzip.feed(bytes)
        var output: [UInt8] = []
        while let piece = try gunzip.next() {
            guard output.count + piece.count <= limitBytes else { throw .tooLarge }
            output += piece
        }
        guard gunzip.isAtEnd else { throw .truncated }
        return output
    }
}
