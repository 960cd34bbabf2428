# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offence codes and titles of the FBI's National Incident-Based Reporting System (NIBRS), in English and Spanish.

The codes are public data of the United States government (NIBRS User Manual: Group A and Group B offences).
"""

from __future__ import annotations

# NIBRS codes for immigration; no town can list them without its own clause R5.offence refusing them.
IMMIGRATION = frozenset({"30A", "30B", "30C", "30D", "49C"})
SEXUAL = frozenset({"11A", "11B", "11C", "11D", "36A", "36B", "370", "64A"})
# The closed list of the preset "consent with guard-rails": grave harm to people, homes and vehicles.
GRAVE = (
    *("09A", "09B", "100", "11A", "11B", "11C", "11D", "120", "13A", "200", "220"),
    *("23B", "23F", "240", "36B", "64A", "64B", "720"),
)

TITLES: dict[str, tuple[str, str]] = {
    "09A": ("Murder and nonnegligent manslaughter", "Homicidio doloso"),
    "09B": ("Negligent manslaughter", "Homicidio por negligencia"),
    "09C": ("Justifiable homicide", "Homicidio justificado"),
    "100": ("Kidnapping or abduction", "Secuestro"),
    "101": ("Treason", "Traición"),
    "103": ("Espionage", "Espionaje"),
    "11A": ("Rape", "Violación"),
    "11B": ("Sodomy", "Sodomía forzada"),
    "11C": ("Sexual assault with an object", "Agresión sexual con un objeto"),
    "11D": ("Criminal sexual contact", "Contacto sexual delictivo"),
    "120": ("Robbery", "Robo con violencia"),
    "13A": ("Aggravated assault", "Agresión con agravantes"),
    "13B": ("Simple assault", "Agresión simple"),
    "13C": ("Intimidation", "Intimidación"),
    "200": ("Arson", "Incendio provocado"),
    "210": ("Extortion or blackmail", "Extorsión o chantaje"),
    "220": ("Burglary or breaking and entering", "Robo en vivienda o local"),
    "23A": ("Pocket-picking", "Hurto de bolsillo"),
    "23B": ("Purse-snatching", "Tirón"),
    "23C": ("Shoplifting", "Hurto en tienda"),
    "23D": ("Theft from a building", "Hurto en un edificio"),
    "23E": ("Theft from a coin-operated machine", "Hurto en máquina de monedas"),
    "23F": ("Theft from a motor vehicle", "Hurto en un vehículo"),
    "23G": ("Theft of motor vehicle parts", "Hurto de piezas de vehículo"),
    "23H": ("All other larceny", "Otros hurtos"),
    "240": ("Motor vehicle theft", "Robo de vehículo"),
    "250": ("Counterfeiting or forgery", "Falsificación"),
    "26A": ("False pretenses or swindle", "Estafa"),
    "26B": ("Credit card or ATM fraud", "Fraude con tarjeta o cajero"),
    "26C": ("Impersonation", "Suplantación"),
    "26D": ("Welfare fraud", "Fraude a la asistencia social"),
    "26E": ("Wire fraud", "Fraude electrónico"),
    "26F": ("Identity theft", "Robo de identidad"),
    "26G": ("Hacking or computer invasion", "Intrusión informática"),
    "26H": ("Money laundering", "Blanqueo de dinero"),
    "270": ("Embezzlement", "Malversación"),
    "280": ("Stolen property offenses", "Receptación"),
    "290": ("Destruction, damage or vandalism of property", "Daños o vandalismo"),
    "30A": ("Illegal entry into the United States", "Entrada ilegal en los Estados Unidos"),
    "30B": ("False citizenship", "Ciudadanía falsa"),
    "30C": ("Smuggling aliens", "Tráfico de migrantes"),
    "30D": ("Re-entry after deportation", "Reingreso tras deportación"),
    "35A": ("Drug or narcotic violations", "Delitos de drogas"),
    "35B": ("Drug equipment violations", "Delitos de utensilios para drogas"),
    "360": ("Failure to register as a sex offender", "Falta de registro como delincuente sexual"),
    "36A": ("Incest", "Incesto"),
    "36B": ("Statutory rape", "Estupro"),
    "370": ("Pornography or obscene material", "Pornografía o material obsceno"),
    "39A": ("Betting or wagering", "Apuestas"),
    "39B": ("Operating or promoting gambling", "Explotación de juegos de azar"),
    "39C": ("Gambling equipment violation", "Delitos de equipos de juego"),
    "39D": ("Sports tampering", "Amaño deportivo"),
    "40A": ("Prostitution", "Prostitución"),
    "40B": ("Assisting or promoting prostitution", "Promoción de la prostitución"),
    "40C": ("Purchasing prostitution", "Compra de prostitución"),
    "49A": ("Harboring an escapee or concealing from arrest", "Encubrimiento de un fugitivo"),
    "49B": ("Flight to avoid prosecution", "Fuga para eludir un proceso"),
    "49C": ("Flight to avoid deportation", "Fuga para eludir la deportación"),
    "510": ("Bribery", "Soborno"),
    "520": ("Weapon law violations", "Delitos de armas"),
    "521": ("Violation of the National Firearms Act", "Infracción de la ley nacional de armas de fuego"),
    "522": ("Weapons of mass destruction", "Armas de destrucción masiva"),
    "526": ("Explosives", "Explosivos"),
    "58A": ("Import violations", "Delitos de importación"),
    "58B": ("Export violations", "Delitos de exportación"),
    "61A": ("Federal liquor offenses", "Delitos federales de bebidas alcohólicas"),
    "61B": ("Federal tobacco offenses", "Delitos federales de tabaco"),
    "620": ("Wildlife trafficking", "Tráfico de fauna"),
    "64A": ("Human trafficking, commercial sex acts", "Trata de personas, explotación sexual"),
    "64B": ("Human trafficking, involuntary servitude", "Trata de personas, servidumbre"),
    "720": ("Animal cruelty", "Crueldad con animales"),
    "90B": ("Curfew, loitering or vagrancy violations", "Toque de queda, merodeo o vagancia"),
    "90C": ("Disorderly conduct", "Alteración del orden"),
    "90D": ("Driving under the influence", "Conducción bajo los efectos del alcohol o drogas"),
    "90F": ("Family offenses, nonviolent", "Delitos familiares sin violencia"),
    "90G": ("Liquor law violations", "Infracciones de bebidas alcohólicas"),
    "90J": ("Trespass of real property", "Allanamiento de propiedad"),
    "90K": ("Failure to appear", "Incomparecencia"),
    "90M": ("Perjury", "Perjurio"),
    "90Z": ("All other offenses", "Otros delitos"),
}


def listed(codes: tuple[str, ...], languages: tuple[str, ...]) -> dict[str, dict[str, object]]:
    """Return the offence list of a bundle: code -> titles per language and the flags that it demands."""
    names = {"en": 0, "es": 1}
    return {
        code: {
            "title": {language: TITLES[code][names.get(language, 0)] for language in languages},
            "flags": ["sexual"] if code in SEXUAL else [],
            "immigration": int(code in IMMIGRATION),
        }
        for code in codes
    }
