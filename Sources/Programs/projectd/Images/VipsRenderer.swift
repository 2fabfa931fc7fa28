import FileKit
import FoundationEssentials
import ImageKit
import PostgresKit
import StorageAPI

/// Transforms images by libvips in a process for each, and keeps those that were used last.
actor VipsRenderer: ImageRenderer {
    private static let killSignal: Int32 = 9
    private static let fileTooLarge = ChildExit.signal(25)
    private static let processorTime = ChildExit.signal(24)
    private static let copyBytes = 256 << 10
    /// This program, also where its file was replaced since.
    private static let program = "/proc/self/exe"
    private static let mebibyte = 1 << 20

    nonisolated let settings: ImageSettings
    nonisolated let workers = FileWorkers(lanesMax: 1)
    private var cache: ImageCache
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated var sourceBytesMax: Int { settings.sourceBytesMax }

    /// A renderer with an empty folder.
    init(_ settings: ImageSettings) async throws(FileError) {
        self.settings = settings
        cache = ImageCache(bytesMax: settings.cacheBytesMax)
        let folder = settings.folder
        try await workers.run { () throws(FileError) in
            try DiskFolder.make(folder)
            for entry in try DiskFolder.files(in: folder) { try DiskFolder.remove(folder + "/" + entry.name) }
        }
    }

    func render(
        _ order: ImageOrder, of version: ObjectVersion, from source: any PublishedFile
    ) async throws(ImageFailure) -> any PublishedFile {
        let name = version.text + "-" + order.name
        cache.begin(version.text)
        defer { cache.end(version.text) }
        if let kept = try await kept(name) { return kept }
        try await enter()
        defer { leave() }
        // Who waited may find what the one before has made.
        if let kept = try await kept(name) { return kept }
        let made = path("made-" + name)
        do throws(FileError) { try await remove(made) } catch { throw .file(error) }
        do throws(ImageFailure) {
            try await make(order, of: source, as: made)
            return try await keep(made, of: version, as: name)
        } catch {
            // What stays is removed by the next attempt or at the next start.
            try? await remove(made)
            throw error
        }
    }

    func forget(_ version: ObjectVersion) async {
        for name in cache.forget(version.text) {
            // What stays is removed at the next start; no address leads to it.
            try? await remove(path(name))
        }
    }

    private nonisolated func path(_ name: String) -> String { settings.folder + "/" + name }

    private nonisolated func remove(_ path: String) async throws(FileError) {
        _ = try await workers.run { () throws(FileError) in try DiskFolder.remove(path) }
    }

    // MARK: One at a time

    private func enter() async throws(ImageFailure) {
        if !isBusy {
            isBusy = true
            return
        }
        guard waiting.count < settings.waitingMax else { throw .busy }
        let start = ContinuousClock.now
        // The one that leaves hands the place on: it stays taken.
        await withCheckedContinuation { waiting.append($0) }
        guard ContinuousClock.now - start <= settings.waitMax, !Task.isCancelled else {
            leave()
            throw .busy
        }
    }

    private func leave() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    // MARK: What is kept

    private func kept(_ name: String) async throws(ImageFailure) -> RenderedFile? {
        guard cache.use(name) else { return nil }
        do throws(FileError) { return try await open(path(name)) } catch {
            cache.drop(name)
            guard error.isMissing else { throw .file(error) }
            return nil
        }
    }

    /// Opens an image, and keeps it where it has room. It can be read to its end even if it is removed meanwhile.
    private func keep(
        _ made: String, of version: ObjectVersion, as name: String
    ) async throws(ImageFailure) -> RenderedFile {
        do throws(FileError) {
            let file = try await open(made)
            guard let gone = cache.keep(name, of: version.text, bytes: file.size) else {
                try await remove(made)
                return file
            }
            let (target, outdated) = (path(name), gone.map(path))
            try await workers.run { () throws(FileError) in
                for path in outdated { try DiskFolder.remove(path) }
                try DiskFolder.rename(made, to: target)
            }
            // Forgotten between: what was to be removed may not have been there yet.
            if cache.isForgotten(version.text) { try await remove(target) }
            return file
        } catch {
            cache.drop(name)
            throw .file(error)
        }
    }

    private nonisolated func open(_ path: String) async throws(FileError) -> RenderedFile {
        let workers = workers
        return try await workers.run { () throws(FileError) in
            let file = try DiskFile.reading(path)
            return RenderedFile(size: try file.size(), file: file, workers: workers)
        }
    }

    // MARK: The process

    private nonisolated func make(
        _ order: ImageOrder, of source: any PublishedFile, as made: String
    ) async throws(ImageFailure) {
        let copy = made + ".source"
        defer { _ = try? DiskFolder.remove(copy) }
        let exit: ChildExit?
        do {
            let input = try await spool(source, to: copy)
            let output = try await workers.run { () throws(FileError) in try DiskFile.create(made) }
            let child = try input.withDescriptor { input in
                try output.withDescriptor { output in try ChildProcess.start(command(order, from: input, to: output)) }
            }
            exit = await child.waitForExit(within: .seconds(settings.secondsMax))
            if exit == nil {
                child.send(signal: Self.killSignal)
                _ = await child.waitForExit(within: .seconds(settings.secondsMax))
            }
        } catch let error as FileError {
            throw .file(error)
        } catch { throw .unavailable("an image cannot be transformed: \(error)") }
        try judge(exit, order)
    }

    /// A file that another program can read.
    private nonisolated func spool(_ source: any PublishedFile, to path: String) async throws(FileError) -> DiskFile {
        try await remove(path)
        let file = try await workers.run { () throws(FileError) in try DiskFile.create(path) }
        var offset = 0
        while offset < source.size {
            let piece = try await source.read(at: offset, upTo: min(Self.copyBytes, source.size - offset))
            guard !piece.isEmpty else { break }
            let start = offset
            try await workers.run { () throws(FileError) in try file.write(piece, at: start) }
            offset += piece.count
        }
        return file
    }

    private nonisolated func command(_ order: ImageOrder, from input: Int32, to output: Int32) -> ChildCommand {
        let scaling: ImageWorker.Order.Scaling =
            switch order.scaling {
            case .both: .both
            case .down: .down
            case .force: .force
            }
        var arguments = [
            "image", "--library", settings.library, "--width", "\(order.width)", "--height", "\(order.height)",
            "--scaling", "\(scaling.rawValue)", "--suffix", order.suffix,
            "--memory-bytes", "\(settings.memoryMiB * Self.mebibyte)", "--result-bytes", "\(settings.resultBytesMax)",
            "--seconds", "\(settings.secondsMax)", "--source-pixels", "\(settings.sourcePixelsMax)",
            "--result-pixels", "\(settings.resultPixelsMax(order.format))",
        ]
        if order.crops { arguments.append("--crops") }
        var command = ChildCommand(
            executable: Self.program, arguments: arguments,
            // One arena: each thread's own would count for the memory. Nothing of the server's environment.
            environment: ["MALLOC_ARENA_MAX": "1", "VIPS_WARNING": "1", "VIPS_BLOCK_UNTRUSTED": "1"],
            output: .descriptor(output))
        command.input = input
        command.discardsErrors = true
        return command
    }

    private nonisolated func judge(_ exit: ChildExit?, _ order: ImageOrder) throws(ImageFailure) {
        switch exit {
        case nil, Self.processorTime?: throw .tooSlow(seconds: settings.secondsMax)
        case Self.fileTooLarge?: throw .resultTooLarge(settings.resultBytesMax)
        case .signal?: throw .damaged(memoryMiB: settings.memoryMiB)
        case .code(let code)?:
            switch ImageWorker.Outcome(rawValue: code) {
            case .done?: return
            case .noImage?: throw .noImage
            case .tooManyPixels?: throw .tooManyPixels(settings.resultPixelsMax(order.format))
            case .damaged?: throw .damaged(memoryMiB: settings.memoryMiB)
            case .notWritten?: throw .file(.noSpace)
            case .noLibrary?:
                throw .unavailable("\(settings.library) cannot be loaded: images need libvips 8.13 or newer")
            case .notConfined?: throw .unavailable("the kernel does not confine the process that transforms images")
            case nil: throw .unavailable("the process that transforms images ended with code \(code)")
            }
        }
    }
}

extension ImageOrder {
    /// The format in the words of libvips. What a file says of its camera and its owner is not passed on.
    fileprivate var suffix: String {
        switch format {
        case .jpeg: ".jpg[Q=\(quality),optimize_coding,keep=none]"
        case .png: ".png[keep=none]"
        case .webp: ".webp[Q=\(quality),keep=none]"
        case .gif: ".gif[keep=none]"
        case .avif: ".avif[Q=\(quality),effort=2,keep=none]"
        }
    }
}

/// An image that was made.
private struct RenderedFile: PublishedFile {
    let size: Int
    let file: DiskFile
    let workers: FileWorkers

    func read(at offset: Int, upTo count: Int) async throws(FileError) -> [UInt8] {
        try await workers.run { [file] () throws(FileError) in try file.read(at: offset, upTo: count) }
    }
}
