import APIKit

/// A label of a project. Projects run on the manager's host in any case: the code is stored and returned unchanged,
/// because clients compare it.
struct Region: Sendable, Equatable {
    let code: String
    let name: String
    let continent: Continent

    /// Continents by which `/v1` recommends.
    enum Continent: String, Sendable, CaseIterable {
        case northAmerica = "NA"
        case southAmerica = "SA"
        case europe = "EU"
        case africa = "AF"
        case asia = "AS"
        case oceania = "OC"
        case antarctica = "AN"

        /// The group that a client there is recommended.
        var group: Group {
            switch self {
            case .northAmerica, .southAmerica: .americas
            case .europe, .africa: .emea
            case .asia, .oceania, .antarctica: .apac
            }
        }
    }

    /// Groups of regions.
    enum Group: String, Sendable, CaseIterable {
        case americas, emea, apac

        var name: String {
            switch self {
            case .americas: "Americas"
            case .emea: "Europe"
            case .apac: "Asia-Pacific"
            }
        }
    }

    /// Every region that the contract knows.
    static let all: [Region] = [
        Region(code: "us-east-1", name: "East US (North Virginia)", continent: .northAmerica),
        Region(code: "us-east-2", name: "East US (Ohio)", continent: .northAmerica),
        Region(code: "us-west-1", name: "West US (North California)", continent: .northAmerica),
        Region(code: "us-west-2", name: "West US (Oregon)", continent: .northAmerica),
        Region(code: "ca-central-1", name: "Canada (Central)", continent: .northAmerica),
        Region(code: "sa-east-1", name: "South America (São Paulo)", continent: .southAmerica),
        Region(code: "eu-west-1", name: "West EU (Ireland)", continent: .europe),
        Region(code: "eu-west-2", name: "West Europe (London)", continent: .europe),
        Region(code: "eu-west-3", name: "West EU (Paris)", continent: .europe),
        Region(code: "eu-north-1", name: "North EU (Stockholm)", continent: .europe),
        Region(code: "eu-central-1", name: "Central EU (Frankfurt)", continent: .europe),
        Region(code: "eu-central-2", name: "Central Europe (Zurich)", continent: .europe),
        Region(code: "ap-south-1", name: "South Asia (Mumbai)", continent: .asia),
        Region(code: "ap-southeast-1", name: "Southeast Asia (Singapore)", continent: .asia),
        Region(code: "ap-northeast-1", name: "Northeast Asia (Tokyo)", continent: .asia),
        Region(code: "ap-northeast-2", name: "Northeast Asia (Seoul)", continent: .asia),
        Region(code: "ap-east-1", name: "East Asia (Hong Kong)", continent: .asia),
        Region(code: "ap-southeast-2", name: "Oceania (Sydney)", continent: .oceania),
    ]
}
