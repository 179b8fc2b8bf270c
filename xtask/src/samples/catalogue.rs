//! The sample shop's catalogue: cosmetics and clothing of brands that do not exist.
//!
//! Prices of a category stand close together, so that most products have something up to a fifth dearer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::random::Random;

/// A line of `examples/catalogue.ndjson`. Money in fen.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Product {
    pub(crate) sku: String,
    pub(crate) title: String,
    pub(crate) category: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) price: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) tags: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    options: Options,
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<u64>,
}

/// Size, color or shade, by its name.
type Options = BTreeMap<&'static str, &'static str>;

/// What one style is sold in.
#[derive(Clone, Copy)]
enum Variants {
    One,
    Lip,
    Skin,
    Adult,
    /// Sizes, each in two colors.
    Colored,
    Baby,
}

/// Sku suffix, the title's suffix, and the options behind them.
type Variant = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

impl Variants {
    /// None for a style that is one product.
    #[rustfmt::skip]
    fn list(self) -> &'static [Variant] {
        match self {
            Self::One => &[],
            Self::Lip => &[
                ("ROSEWOOD", "豆沙 Rosewood", &[("shade", "豆沙 Rosewood")]),
                ("CHERRY", "樱桃红 Cherry", &[("shade", "樱桃红 Cherry")]),
                ("NUDE", "裸粉 Nude", &[("shade", "裸粉 Nude")]),
            ],
            Self::Skin => &[
                ("IVORY", "象牙白 Ivory", &[("shade", "象牙白 Ivory")]),
                ("SAND", "自然色 Sand", &[("shade", "自然色 Sand")]),
                ("HONEY", "蜜糖色 Honey", &[("shade", "蜜糖色 Honey")]),
            ],
            Self::Adult => &[
                ("S", "S", &[("size", "S")]),
                ("M", "M", &[("size", "M")]),
                ("L", "L", &[("size", "L")]),
            ],
            Self::Colored => &[
                ("WHITE-S", "白色 White S", &[("color", "白色 White"), ("size", "S")]),
                ("WHITE-M", "白色 White M", &[("color", "白色 White"), ("size", "M")]),
                ("WHITE-L", "白色 White L", &[("color", "白色 White"), ("size", "L")]),
                ("NAVY-S", "藏青 Navy S", &[("color", "藏青 Navy"), ("size", "S")]),
                ("NAVY-M", "藏青 Navy M", &[("color", "藏青 Navy"), ("size", "M")]),
                ("NAVY-L", "藏青 Navy L", &[("color", "藏青 Navy"), ("size", "L")]),
            ],
            Self::Baby => &[("66", "66 cm", &[("size", "66 cm")]), ("73", "73 cm", &[("size", "73 cm")])],
        }
    }
}

/// Sku, Chinese and English title, brand, yuan, what it is sold in, tags.
type Style = (&'static str, &'static str, &'static str, &'static str, u64, Variants, &'static [&'static str]);

const HAZEL: &str = "Hazel (sample)";
const ASTER: &str = "Aster (sample)";
const LINDEN: &str = "Linden (sample)";
const MARLOW: &str = "Marlow (sample)";
const BRIAR: &str = "Briar (sample)";
const WREN: &str = "Wren (sample)";

use Variants::{Adult, Baby, Colored, Lip, One, Skin};

#[rustfmt::skip]
const SHELVES: &[(&str, &[Style])] = &[
    ("lipstick", &[
        ("LIP-SHEER", "水润唇膏", "Sheer Lipstick", HAZEL, 89, Lip, &["vegan"]),
        ("LIP-BALM-TINT", "润色唇膏", "Tinted Balm Lipstick", ASTER, 99, Lip, &["fragrance-free"]),
        ("LIP-VELVET", "丝绒唇膏", "Velvet Lipstick", HAZEL, 109, Lip, &["long-wear"]),
        ("LIP-SATIN", "缎光唇膏", "Satin Lipstick", ASTER, 125, Lip, &["celebrity-style"]),
        ("LIP-MATTE", "哑光唇膏", "Matte Lipstick", LINDEN, 145, Lip, &["long-wear", "celebrity-style"]),
        ("LIP-LACQUER", "镜面唇釉", "Lip Lacquer", LINDEN, 169, Lip, &["new-season"]),
    ]),
    ("lip-care", &[
        ("LIPCARE-HONEY", "蜂蜜润唇膏", "Honey Lip Balm", HAZEL, 39, One, &[]),
        ("LIPCARE-NIGHT", "夜间唇膜", "Overnight Lip Mask", ASTER, 45, One, &["fragrance-free"]),
    ]),
    ("foundation", &[
        ("FND-AIR", "轻盈粉底液", "Air Foundation", HAZEL, 159, Skin, &["vegan"]),
        ("FND-SERUM", "精华粉底液", "Serum Foundation", ASTER, 179, Skin, &["fragrance-free"]),
        ("FND-VELVET", "丝绒粉底液", "Velvet Foundation", LINDEN, 199, Skin, &["long-wear"]),
        ("FND-CUSHION", "气垫粉底", "Cushion Foundation", LINDEN, 229, Skin, &["celebrity-style"]),
        ("FND-STAGE", "舞台粉底液", "Stage Foundation", ASTER, 259, Skin, &["long-wear"]),
    ]),
    ("concealer", &[
        ("CON-STICK", "遮瑕棒", "Concealer Stick", HAZEL, 99, One, &[]),
        ("CON-CREAM", "遮瑕膏", "Cream Concealer", ASTER, 109, One, &["fragrance-free"]),
        ("CON-LIQUID", "遮瑕液", "Liquid Concealer", LINDEN, 125, One, &["long-wear"]),
        ("CON-PALETTE", "三色遮瑕盘", "Concealer Palette", LINDEN, 139, One, &[]),
    ]),
    ("blush", &[
        ("BLU-POWDER", "粉状腮红", "Powder Blush", HAZEL, 79, One, &["vegan"]),
        ("BLU-CREAM", "膏状腮红", "Cream Blush", ASTER, 89, One, &[]),
        ("BLU-LIQUID", "液体腮红", "Liquid Blush", ASTER, 99, One, &["new-season"]),
        ("BLU-DUO", "双色腮红", "Blush Duo", LINDEN, 115, One, &["celebrity-style"]),
    ]),
    ("eyeshadow", &[
        ("EYE-EARTH", "大地色眼影盘", "Earth Eyeshadow Palette", HAZEL, 129, One, &["vegan"]),
        ("EYE-DUSK", "暮色眼影盘", "Dusk Eyeshadow Palette", ASTER, 149, One, &[]),
        ("EYE-BLOOM", "花漾眼影盘", "Bloom Eyeshadow Palette", ASTER, 169, One, &["new-season"]),
        ("EYE-STAGE", "舞台眼影盘", "Stage Eyeshadow Palette", LINDEN, 189, One, &["celebrity-style"]),
    ]),
    ("mascara", &[
        ("MAS-LIGHT", "纤长睫毛膏", "Lengthening Mascara", HAZEL, 89, One, &[]),
        ("MAS-CURL", "卷翘睫毛膏", "Curling Mascara", ASTER, 99, One, &["long-wear"]),
        ("MAS-BOLD", "浓密睫毛膏", "Volume Mascara", LINDEN, 109, One, &[]),
        ("MAS-TUBE", "防晕染睫毛膏", "Tubing Mascara", LINDEN, 119, One, &["fragrance-free"]),
    ]),
    ("brush", &[
        ("BRU-LIP", "唇刷", "Lip Brush", HAZEL, 49, One, &["vegan"]),
        ("BRU-EYE", "眼影刷", "Eyeshadow Brush", HAZEL, 55, One, &["vegan"]),
        ("BRU-BLUSH", "腮红刷", "Blush Brush", ASTER, 65, One, &[]),
        ("BRU-FOUNDATION", "粉底刷", "Foundation Brush", ASTER, 75, One, &["celebrity-style"]),
        ("BRU-POWDER", "散粉刷", "Powder Brush", LINDEN, 85, One, &[]),
        ("BRU-KIT", "便携刷具套装", "Travel Brush Kit", LINDEN, 99, One, &["new-season"]),
    ]),
    ("cleanser", &[
        ("CLE-FOAM", "洁面泡沫", "Foam Cleanser", HAZEL, 69, One, &[]),
        ("CLE-GEL", "洁面啫喱", "Gel Cleanser", HAZEL, 79, One, &["fragrance-free"]),
        ("CLE-OIL", "卸妆油", "Cleansing Oil", ASTER, 89, One, &["vegan"]),
        ("CLE-BALM", "卸妆膏", "Cleansing Balm", ASTER, 99, One, &["fragrance-free"]),
    ]),
    ("serum", &[
        ("SER-HYDRA", "保湿精华", "Hydrating Serum", HAZEL, 199, One, &["fragrance-free"]),
        ("SER-GLOW", "亮肤精华", "Glow Serum", HAZEL, 229, One, &["vegan"]),
        ("SER-CALM", "舒缓精华", "Calming Serum", ASTER, 259, One, &["fragrance-free"]),
        ("SER-FIRM", "紧致精华", "Firming Serum", ASTER, 299, One, &[]),
        ("SER-NIGHT", "夜间精华", "Night Serum", LINDEN, 339, One, &[]),
        ("SER-RADIANCE", "焕采精华", "Radiance Serum", LINDEN, 379, One, &["celebrity-style"]),
    ]),
    ("cream", &[
        ("CRE-LIGHT", "清爽面霜", "Light Cream", HAZEL, 169, One, &["fragrance-free"]),
        ("CRE-DAY", "日霜", "Day Cream", HAZEL, 189, One, &["vegan"]),
        ("CRE-RICH", "滋润面霜", "Rich Cream", ASTER, 219, One, &["fragrance-free"]),
        ("CRE-NIGHT", "晚霜", "Night Cream", LINDEN, 249, One, &[]),
        ("CRE-EYE", "眼霜", "Eye Cream", LINDEN, 289, One, &[]),
    ]),
    ("sunscreen", &[
        ("SUN-MILK", "防晒乳", "Sunscreen Milk", HAZEL, 99, One, &["fragrance-free"]),
        ("SUN-GEL", "防晒啫喱", "Sunscreen Gel", ASTER, 115, One, &[]),
        ("SUN-TINT", "润色防晒", "Tinted Sunscreen", ASTER, 129, One, &["new-season"]),
        ("SUN-MINERAL", "物理防晒", "Mineral Sunscreen", LINDEN, 149, One, &["fragrance-free"]),
    ]),
    ("mask", &[
        ("MSK-SHEET", "补水面膜", "Hydrating Sheet Mask", HAZEL, 59, One, &[]),
        ("MSK-CLAY", "清洁泥膜", "Clay Mask", ASTER, 69, One, &["vegan"]),
        ("MSK-SLEEP", "睡眠面膜", "Sleeping Mask", ASTER, 79, One, &["fragrance-free"]),
        ("MSK-GOLD", "焕亮面膜", "Brightening Mask", LINDEN, 89, One, &["celebrity-style"]),
    ]),
    ("t-shirt", &[
        ("TEE-BASIC", "基础圆领T恤", "Basic Crew T-shirt", MARLOW, 79, Colored, &[]),
        ("TEE-STRIPE", "条纹T恤", "Striped T-shirt", MARLOW, 89, Adult, &["new-season"]),
        ("TEE-ORGANIC", "有机棉T恤", "Organic Cotton T-shirt", WREN, 99, Colored, &["organic-cotton", "no-fluorescent-agent"]),
        ("TEE-RELAXED", "宽松T恤", "Relaxed T-shirt", BRIAR, 115, Adult, &["celebrity-style"]),
        ("TEE-HEAVY", "重磅T恤", "Heavyweight T-shirt", BRIAR, 129, Adult, &["organic-cotton"]),
        ("TEE-SILK", "桑蚕丝T恤", "Silk Blend T-shirt", BRIAR, 149, Adult, &[]),
    ]),
    ("shirt", &[
        ("SHI-OXFORD", "牛津纺衬衫", "Oxford Shirt", MARLOW, 159, Adult, &[]),
        ("SHI-LINEN", "亚麻衬衫", "Linen Shirt", MARLOW, 179, Adult, &["new-season"]),
        ("SHI-POPLIN", "有机棉府绸衬衫", "Organic Poplin Shirt", WREN, 199, Adult, &["organic-cotton", "no-fluorescent-agent"]),
        ("SHI-SILK", "真丝衬衫", "Silk Shirt", BRIAR, 229, Adult, &["celebrity-style"]),
    ]),
    ("dress", &[
        ("DRE-TEA", "茶歇裙", "Tea Dress", MARLOW, 259, Adult, &["new-season"]),
        ("DRE-WRAP", "裹身裙", "Wrap Dress", MARLOW, 289, Adult, &[]),
        ("DRE-KNIT", "针织连衣裙", "Knit Dress", BRIAR, 329, Adult, &[]),
        ("DRE-SLIP", "吊带长裙", "Slip Dress", BRIAR, 369, Adult, &["celebrity-style"]),
        ("DRE-EVENING", "晚装长裙", "Evening Dress", BRIAR, 399, Adult, &["celebrity-style"]),
    ]),
    ("knitwear", &[
        ("KNI-COTTON", "有机棉开衫", "Organic Cotton Cardigan", WREN, 199, Adult, &["organic-cotton"]),
        ("KNI-CREW", "圆领毛衣", "Crew Neck Jumper", MARLOW, 229, Adult, &[]),
        ("KNI-ROLL", "高领毛衣", "Roll Neck Jumper", BRIAR, 259, Adult, &["celebrity-style"]),
        ("KNI-WOOL", "羊毛开衫", "Wool Cardigan", BRIAR, 299, Adult, &["new-season"]),
    ]),
    ("jeans", &[
        ("JEA-SKINNY", "紧身牛仔裤", "Skinny Jeans", MARLOW, 199, Adult, &[]),
        ("JEA-STRAIGHT", "直筒牛仔裤", "Straight Jeans", MARLOW, 219, Adult, &[]),
        ("JEA-RELAXED", "宽松牛仔裤", "Relaxed Jeans", BRIAR, 249, Adult, &["celebrity-style"]),
        ("JEA-WIDE", "阔腿牛仔裤", "Wide Leg Jeans", BRIAR, 279, Adult, &["new-season"]),
        ("JEA-ORGANIC", "有机棉牛仔裤", "Organic Cotton Jeans", WREN, 319, Adult, &["organic-cotton"]),
    ]),
    ("skirt", &[
        ("SKI-PLEAT", "百褶裙", "Pleated Skirt", MARLOW, 149, Adult, &[]),
        ("SKI-MIDI", "半身中裙", "Midi Skirt", MARLOW, 169, Adult, &["new-season"]),
        ("SKI-SATIN", "缎面半身裙", "Satin Skirt", BRIAR, 189, Adult, &["celebrity-style"]),
    ]),
    ("coat", &[
        ("COA-TRENCH", "风衣", "Trench Coat", MARLOW, 499, Adult, &[]),
        ("COA-WOOL", "羊毛大衣", "Wool Coat", BRIAR, 569, Adult, &["celebrity-style"]),
        ("COA-DOWN", "轻薄羽绒服", "Light Down Coat", BRIAR, 649, Adult, &["new-season"]),
    ]),
    ("hoodie", &[
        ("HOO-ZIP", "拉链卫衣", "Zip Hoodie", MARLOW, 169, Adult, &[]),
        ("HOO-OVER", "套头卫衣", "Pullover Hoodie", MARLOW, 189, Adult, &["celebrity-style"]),
        ("HOO-ORGANIC", "有机棉卫衣", "Organic Cotton Hoodie", WREN, 219, Adult, &["organic-cotton"]),
    ]),
    ("pyjamas", &[
        ("PYJ-MODAL", "莫代尔睡衣", "Modal Pyjamas", MARLOW, 139, Adult, &[]),
        ("PYJ-COTTON", "有机棉睡衣", "Organic Cotton Pyjamas", WREN, 159, Adult, &["organic-cotton", "no-fluorescent-agent"]),
        ("PYJ-GAUZE", "双层纱睡衣", "Double Gauze Pyjamas", WREN, 179, Adult, &["no-fluorescent-agent"]),
        ("PYJ-SATIN", "缎面睡衣", "Satin Pyjamas", BRIAR, 209, Adult, &["celebrity-style"]),
    ]),
    ("baby-bodysuit", &[
        ("BAB-BASIC", "婴儿包屁衣", "Baby Bodysuit", MARLOW, 69, Baby, &[]),
        ("BAB-ORGANIC", "有机棉婴儿包屁衣", "Organic Cotton Baby Bodysuit", WREN, 79, Baby, &["organic-cotton", "no-fluorescent-agent"]),
        ("BAB-GAUZE", "纱布婴儿包屁衣", "Gauze Baby Bodysuit", WREN, 89, Baby, &["no-fluorescent-agent"]),
        ("BAB-GIFT", "婴儿包屁衣礼盒", "Baby Bodysuit Gift Box", WREN, 105, Baby, &["organic-cotton", "no-fluorescent-agent"]),
    ]),
    ("scarf", &[
        ("SCA-COTTON", "棉质围巾", "Cotton Scarf", MARLOW, 89, One, &[]),
        ("SCA-WOOL", "羊毛围巾", "Wool Scarf", BRIAR, 105, One, &["new-season"]),
        ("SCA-SILK", "真丝方巾", "Silk Scarf", BRIAR, 119, One, &["celebrity-style"]),
    ]),
    ("small-gift", &[
        ("GIF-SACHET", "薰衣草香囊", "Lavender Sachet", WREN, 9, One, &["gift"]),
        ("GIF-POUCH", "化妆包", "Makeup Pouch", HAZEL, 15, One, &["gift"]),
        ("GIF-COMB", "木梳", "Wooden Comb", MARLOW, 19, One, &["gift"]),
    ]),
];

/// The categories whose sizes can be wrong.
const CLOTHES: &[&str] = &[
    "t-shirt",
    "shirt",
    "dress",
    "knitwear",
    "jeans",
    "skirt",
    "coat",
    "hoodie",
    "pyjamas",
    "baby-bodysuit",
];

pub(crate) fn is_clothing(category: &str) -> bool {
    CLOTHES.contains(&category)
}

/// Every product, style by style.
pub(crate) struct Catalogue {
    pub(crate) products: Vec<Product>,
    /// Category, then the indices of each of its styles' variants, cheapest style first.
    shelves: Vec<(&'static str, Vec<Vec<usize>>)>,
}

impl Catalogue {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut products = Vec::new();
        let mut shelves = Vec::new();
        for (category, styles) in SHELVES {
            let shelf = styles.iter().map(|style| put_up(&mut products, category, style, random)).collect();
            shelves.push((*category, shelf));
        }
        Self { products, shelves }
    }

    /// The styles of a category, cheapest first, as indices of products.
    pub(crate) fn shelf(&self, category: &str) -> &[Vec<usize>] {
        let shelf = self.shelves.iter().find(|(name, _)| *name == category);
        &shelf.expect("the looks name categories of the catalogue").1
    }

    pub(crate) fn by_sku(&self, sku: &str) -> usize {
        let index = self.products.iter().position(|product| product.sku == sku);
        index.expect("the stories name products of the catalogue")
    }
}

/// Adds the variants of a style; answers with their indices.
fn put_up(
    products: &mut Vec<Product>,
    category: &'static str,
    style: &Style,
    random: &mut Random,
) -> Vec<usize> {
    let &(sku, zh, en, brand, yuan, variants, tags) = style;
    let margin = random.chance(50).then(|| random.between(25, 65) * 100);
    let mut product = |variant: Option<Variant>| {
        let name = format!("{zh} {en}");
        products.push(Product {
            sku: variant.map_or(sku.to_owned(), |(suffix, _, _)| format!("{sku}-{suffix}")),
            title: variant.map_or(name.clone(), |(_, suffix, _)| format!("{name} {suffix}")),
            category,
            brand,
            price: yuan * 100,
            tags,
            style: variant.map(|_| sku),
            options: variant.iter().flat_map(|(_, _, options)| options.iter().copied()).collect(),
            stock: stock(random),
            margin,
        });
        products.len() - 1
    };
    match variants.list() {
        [] => vec![product(None)],
        list => list.iter().map(|&variant| product(Some(variant))).collect(),
    }
}

/// Unknown for four in ten; of the others some are low and a few are gone.
fn stock(random: &mut Random) -> Option<u64> {
    random.chance(60).then(|| match random.below(100) {
        0..4 => 0,
        4..30 => random.between(1, 10),
        _ => random.between(18, 400),
    })
}
