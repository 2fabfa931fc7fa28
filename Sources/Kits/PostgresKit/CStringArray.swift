/// An array of C strings, ended by a null pointer.
struct CStringArray {
    private let storage: [CChar]
    private let offsets: [Int]

    init(_ texts: [String]) {
        var storage: [CChar] = []
        var offsets: [Int] = []
        for text in texts {
            offsets.append(storage.count)
            storage.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
            storage.append(0)
        }
        self.storage = storage
        self.offsets = offsets
    }

    /// Runs `body` with the pointers, which are valid only inside it.
    func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        storage.withUnsafeBufferPointer { texts in
            let pointers = offsets.map { offset in texts.baseAddress.map { $0 + offset } } + [nil]
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }

    /// The same for functions that declare the texts as mutable, though they do not change them.
    func withMutablePointers<Result>(_ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
        var copy = storage
        return copy.withUnsafeMutableBufferPointer { texts in
            var pointers = offsets.map { offset in texts.baseAddress.map { $0 + offset } } + [nil]
            return body(&pointers)
        }
    }
}
