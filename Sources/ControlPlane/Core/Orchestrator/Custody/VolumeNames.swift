public import ProjectModel

/// Names on the engine of the volumes that restores make. Pure.
public enum VolumeNames {
    private static let trialSuffix = "_trial"

    /// The volume in which a backup is tried.
    public static func trial(of composeName: String, in ref: ProjectRef) -> String {
        "\(ref)_\(composeName)\(trialSuffix)"
    }

    /// Whether a project's volume is one in which a backup is tried.
    public static func isTrial(_ name: String, of ref: ProjectRef) -> Bool {
        name.hasPrefix("\(ref)_") && name.hasSuffix(trialSuffix)
    }

    /// A generation of a project's volume.
    public static func generation(_ number: Int, of composeName: String, in ref: ProjectRef) -> String {
        "\(ref)_\(composeName)_g\(number)"
    }

    /// The number of the generation that a name has; nil for any other name.
    public static func generation(of name: String, _ composeName: String, in ref: ProjectRef) -> Int? {
        let start = "\(ref)_\(composeName)_g"
        guard name.hasPrefix(start), let number = Int(name.dropFirst(start.count)), number > 0,
            name == generation(number, of: composeName, in: ref)
        else { return nil }
        return number
    }
}
