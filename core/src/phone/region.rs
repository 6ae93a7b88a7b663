//! Where a number is from, as far as its area code tells.
//!
//! What is here: the area codes of Russia and of the United States, each with the subdivision it
//! serves by ISO 3166-2, and the same code for the place a network names. A big city and the land
//! around it are one region here, Moscow and Saint Petersburg with theirs, since people carry
//! numbers of either. Sources: the national numbering plans (ABC codes of Russia, NANP area codes).
//!
//! What is not here: mobile numbers of Russia, whose codes tell an operator and not, without the
//! registry of ranges, a place; area codes without a place (toll-free); other countries. All these
//! are unknown, which tells nothing for or against anybody.

use super::E164;
use crate::pool::Region;

/// Russia's area codes by subdivision, `RU-` left out.
const RUSSIA: &str = "\
MOW 495 496 498 499;SPE 812 813;BU 301;ZAB 302;UD 341;PER 342;SVE 343;TYU 345;KHM 346;BA 347;YAN \
349;CHE 351;KGN 352;ORE 353;OMS 381;TOM 382;NVS 383;KEM 384;ALT 385;AL 388;KK 390;KYA 391;TY 394;\
IRK 395;KGD 401;SA 411;MAG 413;KAM 415;AMU 416;KHA 421;PRI 423;SAK 424;YEV 426;CHU 427;KRS 471;\
BEL 472;VOR 473;LIP 474;TAM 475;SMO 481;TVE 482;BRY 483;KLU 484;YAR 485;ORL 486;TUL 487;RYA 491;\
VLA 492;IVA 493;KOS 494;PSK 811;KR 814;MUR 815;NGR 816;VLG 817 820;ARK 818;KO 821;NIZ 831;KIR 833;\
MO 834;CU 835;ME 836;PNZ 841;ULY 842;TA 843 855;VGG 844;SAR 845;SAM 846 848;KL 847;AST 851;KDA 861 \
862;ROS 863;STA 865 879;KB 866;SE 867;CE 871;DA 872;IN 873;AD 877;KC 878";

/// The area codes of the United States by state, `US-` left out.
const UNITED_STATES: &str = "\
AL 205 251 256 334 659 938;AK 907;AZ 480 520 602 623 928;AR 479 501 870;CA 209 213 279 310 323 341 \
350 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 747 760 805 818 820 \
831 840 \
858 909 916 925 949 951;CO 303 719 720 970 983;CT 203 475 860 959;DE 302;DC 202 771;FL 239 305 321 \
352 386 407 448 561 656 689 727 728 754 772 786 813 850 863 904 941 954;GA 229 404 470 478 678 706 \
762 770 912 943;HI 808;ID 208 986;IL 217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 \
861 872;IN 219 260 317 463 574 765 812 930;IA 319 515 563 641 712;KS 316 620 785 913;KY 270 364 \
502 606 859;LA 225 318 337 504 985;ME 207;MD 227 240 301 410 443 667;MA 339 351 413 508 617 774 \
781 857 978;MI 231 248 269 313 517 586 616 734 810 906 947 989;MN 218 320 507 612 651 763 952;MS \
228 601 662 769;MO 314 417 557 573 636 660 816 975;MT 406;NE 308 402 531;NV 702 725 775;NH 603;NJ \
201 551 609 640 732 848 856 862 908 973;NM 505 575;NY 212 315 329 332 347 363 516 518 585 607 624 \
631 646 680 716 718 838 845 914 917 929 934;NC 252 336 472 704 743 828 910 919 980 984;ND 701;OH \
216 220 234 283 326 330 380 419 436 440 513 567 614 740 937;OK 405 539 572 580 918;OR 458 503 541 \
971;PA 215 223 267 272 412 445 484 570 582 610 717 724 814 835 878;RI 401;SC 803 821 839 843 854 \
864;SD 605;TN 423 615 629 731 865 901 931;TX 210 214 254 281 325 346 361 409 430 432 469 512 682 \
713 726 737 806 817 830 832 903 915 936 940 945 956 972 979;UT 385 435 801;VT 802;VA 276 434 540 \
571 686 703 757 804 826 948;WA 206 253 360 425 509 564;WV 304 681;WI 262 274 414 534 608 715 920;\
WY 307";

/// Where `number` is from; unknown where its area code does not tell.
pub fn region_of_number(number: E164) -> Region {
    let digits = number.digits();
    let digits = digits.as_str();
    let (country, table) = match digits.bytes().next() {
        Some(b'7') => ("RU", RUSSIA),
        Some(b'1') => ("US", UNITED_STATES),
        _ => return Region(0),
    };
    let Some(area) = digits.get(1..4).filter(|_| digits.len() == 11) else {
        return Region(0);
    };
    let rows = table.split(';').filter_map(|row| row.split_once(' '));
    let mut rows = rows.filter(|(_, areas)| areas.split(' ').any(|code| code == area));
    rows.next()
        .map_or(Region(0), |(code, _)| region_of_code(country, code))
}

/// The region of a place as the network names it: by the subdivision's code, else by its name.
/// The name alone is a region too, though no number is known to be from it.
pub fn region_of_place(country: &str, region_code: &str, region: &str) -> Region {
    if region_code.is_empty() {
        return Region::of(region);
    }
    let code = match (country, region_code) {
        ("RU", "MOS") => "MOW",
        ("RU", "LEN") => "SPE",
        (_, code) => code,
    };
    region_of_code(country, code)
}

fn region_of_code(country: &str, code: &str) -> Region {
    Region::of(&format!("{country}-{code}"))
}

/// Whether `number` is a mobile one; nothing where its country's numbers do not tell.
pub fn is_mobile(number: E164) -> Option<bool> {
    let digits = number.digits();
    match digits.as_str().as_bytes() {
        // Russia gives mobile networks the codes from 900 on; Kazakhstan 70x and 77x.
        [b'7', b'9', ..] => Some(true),
        [b'7', b'7', b'0' | b'7', ..] => Some(true),
        [b'7', ..] => Some(false),
        // The United Kingdom's 7 but 70 (personal) and 76 (pagers).
        [b'4', b'4', b'7', second, ..] => Some(!matches!(second, b'0' | b'6')),
        [b'4', b'4', ..] => Some(false),
        // Germany 15x, 16x, 17x; France 6 and 7.
        [b'4', b'9', b'1', b'5'..=b'7', ..] => Some(true),
        [b'4', b'9', ..] => Some(false),
        [b'3', b'3', b'6' | b'7', ..] => Some(true),
        [b'3', b'3', ..] => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> E164 {
        E164::parse(text).expect("a number")
    }

    #[test]
    fn a_number_and_its_visitor_meet_in_one_region() {
        let same = |text: &str, country: &str, code: &str| {
            let of_number = region_of_number(number(text));
            assert!(of_number.is_known(), "{text}");
            assert_eq!(
                of_number,
                region_of_place(country, code, "anything"),
                "{text}"
            );
        };
        same("74951234567", "RU", "MOW");
        same("74961234567", "RU", "MOS");
        same("78121234567", "RU", "SPE");
        same("78131234567", "RU", "LEN");
        same("73431234567", "RU", "SVE");
        same("12125550100", "US", "NY");
        same("17145550100", "US", "CA");
        assert_ne!(
            region_of_number(number("73021234567")),
            region_of_number(number("13025550100")),
        );
    }

    #[test]
    fn what_tells_no_place_is_unknown() {
        for text in [
            "79161234567",
            "78001234567",
            "18005550100",
            "442079460000",
            "749512345",
        ] {
            assert_eq!(region_of_number(number(text)), Region(0), "{text}");
        }
        assert_eq!(region_of_place("RU", "", ""), Region(0));
        assert_eq!(region_of_place("RU", "", "Moscow"), Region::of("moscow"));
    }

    #[test]
    fn no_area_code_serves_two_regions() {
        for table in [RUSSIA, UNITED_STATES] {
            let areas = table.split(';').filter_map(|row| row.split_once(' '));
            let mut areas: Vec<&str> = areas.flat_map(|(_, areas)| areas.split(' ')).collect();
            let count = areas.len();
            areas.sort_unstable();
            areas.dedup();
            assert_eq!(areas.len(), count);
            assert!(areas.iter().all(|area| area.len() == 3));
        }
    }

    #[test]
    fn mobile_numbers_are_known_where_the_plan_tells() {
        let told = [
            "79161234567",
            "74951234567",
            "447700900123",
            "442079460000",
            "12125550100",
        ];
        let said = told.map(|text| is_mobile(number(text)));
        assert_eq!(
            said,
            [Some(true), Some(false), Some(true), Some(false), None]
        );
    }
}
