/// What sealed or signed data belongs to. It is authenticated with the data, so that none can be put in the place of
/// another.
struct SealingContext {
    /// The purpose of the data. The texts are part of every sealed value: never change one.
    enum Purpose: String {
        case keyCheck = "supamanager key check v1"
        case projectKey = "supamanager project key v1"
        case projectSecret = "supamanager project secret v1"
        case installation = "supamanager installation data v1"
        case signature = "supamanager signature v1"
    }

    /// The purpose and the parts, each with its length before it, so that no two lists of parts have the same bytes.
    let bytes: [UInt8]

    init(_ purpose: Purpose, _ parts: String...) {
        bytes = ([purpose.rawValue] + parts).flatMap { part -> [UInt8] in
            let text = Array(part.utf8)
            let count = UInt32(truncatingIfNeeded: text.count)
            return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + text
        }
    }
}
