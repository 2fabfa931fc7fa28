/// A mount of a container.
public struct ComposeMount: Sendable, Hashable {
    /// The kinds of mounts.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A file or folder of the host.
        case bind
        /// A named volume.
        case volume
        /// Memory.
        case tmpfs
    }

    public struct BindOptions: Sendable, Hashable {
        /// Whether a folder is made on the host when nothing is there.
        public var createsHostPath = true
    }

    public struct VolumeOptions: Sendable, Hashable {
        /// Whether a new volume stays empty instead of taking over the image's files.
        public var noCopy = false
    }

    public struct TmpfsOptions: Sendable, Hashable {
        /// The size limit in bytes; nil for none.
        public var sizeBytes: Int?
        /// The file mode of its root.
        public var mode: Int?
    }

    /// What is mounted.
    public var kind: Kind
    /// The path on the host, or the volume's key in `ComposeProject.volumes`; nil for a tmpfs.
    public var source: String?
    /// The path in the container.
    public var target: String
    /// Whether it cannot be written.
    public var readOnly = false
    /// Where given: the bind's options.
    public var bind: BindOptions?
    /// Where given: the volume's options.
    public var volume: VolumeOptions?
    /// Where given: the tmpfs' options.
    public var tmpfs: TmpfsOptions?

    /// A mount without options.
    public init(_ kind: Kind, source: String?, target: String) {
        self.kind = kind
        self.source = source
        self.target = target
    }
}
