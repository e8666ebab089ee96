import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { MoonIcon } from '@patternfly/react-icons/dist/esm/icons/moon-icon';
import { SunIcon } from '@patternfly/react-icons/dist/esm/icons/sun-icon';
import { useTranslation } from 'react-i18next';
import { choose, LANGUAGES, type Language } from '../i18n';
import { setDark, useDark } from '../theme';

/** Language, light or dark. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const dark = useDark();
  return (
    <>
      <ToggleGroup aria-label={t('language')}>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <ToggleGroupItem
            key={language}
            buttonId={`language-${language}`}
            text={<span lang={language}>{LANGUAGES[language]}</span>}
            isSelected={i18n.language === language}
            onChange={() => choose(language)}
          />
        ))}
      </ToggleGroup>
      <ToggleGroup aria-label={t('theme.label')}>
        <ToggleGroupItem
          buttonId="theme-light"
          icon={<SunIcon />}
          aria-label={t('theme.light')}
          isSelected={!dark}
          onChange={() => setDark(false)}
        />
        <ToggleGroupItem
          buttonId="theme-dark"
          icon={<MoonIcon />}
          aria-label={t('theme.dark')}
          isSelected={dark}
          onChange={() => setDark(true)}
        />
      </ToggleGroup>
    </>
  );
}
