/// How long calls to the engine may take, and how much they may bring.
///
/// The times are long against what was measured (lists: milliseconds, a start under load: seconds), since an engine
/// under pressure is slow, and giving up early makes it slower.
public enum DockerLimits {
    /// Version, ping, inspect, list.
    public static let queryTimeout = Duration.seconds(30)
    /// Creating a container, network or volume.
    public static let changeTimeout = Duration.seconds(60)
    /// Starting a container: image layers are mounted and ports bound.
    public static let startTimeout = Duration.seconds(120)
    /// Removing a container or a volume: files are deleted.
    public static let removeTimeout = Duration.seconds(180)
    /// What stopping and restarting may take beyond the time given to the process.
    public static let stopMargin = Duration.seconds(60)
    /// The time that the engine gives a process to stop when neither caller nor container says.
    public static let engineStopTimeout = Duration.seconds(10)
    /// How long the head of a streamed answer may take.
    public static let streamHeadTimeout = Duration.seconds(60)
    /// Unpacking an archive into a container, from the first byte to the last.
    public static let unpackTimeout = Duration.seconds(14_400)
    /// How long a pull may show no progress at all. Unpacking a large layer is silent for a while.
    public static let pullIdleTimeout = Duration.seconds(600)
    /// A command in a container, unless the caller says.
    public static let execTimeout = Duration.seconds(60)
    /// Reading logs that are already there.
    public static let logsTimeout = Duration.seconds(30)

    /// How long the body of an error may take once its head is there.
    public static let errorBodyTimeout = Duration.seconds(10)

    /// Bytes of an answer that is one JSON document. A list of a thousand containers has about three million.
    public static let documentBytes = 64 * 1024 * 1024
    /// Bytes of one line of a stream of JSON documents (events, pull progress).
    public static let streamLineBytes = 1024 * 1024
    /// Most bytes that are read of an error's body.
    public static let errorBodyBytes = 64 * 1024
    /// Characters of an engine's message that an error keeps.
    public static let errorMessageCharacters = 1000
    /// Bytes of logs that are read at once, unless the caller says.
    public static let logBytes = 1024 * 1024
    /// Bytes of a command's output, unless the caller says.
    public static let execOutputBytes = 1024 * 1024
}
